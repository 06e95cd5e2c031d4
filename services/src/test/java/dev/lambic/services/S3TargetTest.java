package dev.lambic.services;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import dev.lambic.kernel.LambicException;
import java.net.InetSocketAddress;
import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is asked for, it is asked of S3Proxy and of nobody else. */
final class S3TargetTest {
  private static HttpRequest request(String host, String target) {
    return new HttpRequest(
        "GET", target, Headers.of("Host", host), new byte[0], new InetSocketAddress(1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "@127.0.0.1:4566/2015-03-31/functions",
        "@localhost/",
        "0/b/k",
        ".example.com/b/k",
        ":pass@localhost:1/",
        "http://127.0.0.1:4566/b/k",
        "*",
        "?list-type=2",
        "",
      })
  void aTargetIsAPath(String target) {
    assertThatThrownBy(() -> S3Target.of(request("127.0.0.1", target)))
        .isInstanceOfSatisfying(
            LambicException.class, e -> assertThat(e.code()).isEqualTo("InvalidURI"));
    assertThatThrownBy(() -> S3Target.of(request("bucket.localhost", target)))
        .isInstanceOf(LambicException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"@127.0.0.1:4566/", "@localhost/", "0/b/k", ".example.com/b/k", ":p@localhost/"})
  void anAddressIsOfThePortItIsMadeFor(String target) {
    assertThatThrownBy(() -> S3Target.at(9999, target))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void whatLooksLikeAServerInAPathIsAPath() {
    for (String path : new String[] {"/@localhost:1/k", "//localhost:1/k", "/b/k?a=@localhost"}) {
      URI address = S3Target.at(9999, S3Target.of(request("127.0.0.1", path)));
      assertThat(address).hasToString("http://127.0.0.1:9999" + path).hasPort(9999);
    }
    assertThat(S3Target.at(9999, S3Target.of(request("x@evil.localhost", "/k"))))
        .hasHost("127.0.0.1")
        .hasPort(9999);
  }
}
