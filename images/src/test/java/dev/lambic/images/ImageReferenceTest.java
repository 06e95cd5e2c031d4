package dev.lambic.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What names an image. */
final class ImageReferenceTest {
  private static final String HEX = "0123456789abcdef".repeat(4);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app:1.0",
        "public.ecr.aws/lambda/python:3.13",
        "localhost:5000/app:latest",
        "localhost/app:latest",
        "registry:5000/app:latest",
        "registry:65535/app:latest",
        "[::1]:5000/app:latest",
        "127.0.0.1:5000/a__b/c-d.e/f:T_1",
        "example.com/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "example.com/app:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "oci:/images/app",
        "oci:app:1",
        "oci-archive:some dir/app.tar",
        "docker-archive:app.tar:latest",
      })
  void isReadAndWrittenTheSame(String text) {
    assertThat(ImageReference.parse(text)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "app",
        "app:latest",
        "team/app:latest",
        "example.com/app",
        "example.com/App:1",
        "example.com/app:",
        "example.com/app:a b",
        "example.com//app:1",
        "example.com/../app:1",
        "example.com/app:1/x",
        "http://example.com/app:1",
        "user@example.com/app:1",
        "example.com:x/app:1",
        "example.com:65536/app:1",
        "example.com:99999/app:1",
        "example.com:0/app:1",
        ".example.com/app:1",
        "example..com/app:1",
        "-example.com/app:1",
        "example.com-/app:1",
        "127.0.0.999/app:1",
        "[::1::2]/app:1",
        "example.com/app@sha256:00",
        "example.com/app@sha512:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "example.com/app:1?x",
        "example.com/app:1#x",
        "exa\nmple.com/app:1",
        "oci:",
        "oci-archive:a:b:c",
      })
  void isRefused(String text) {
    assertThatThrownBy(() -> ImageReference.parse(text))
        .isInstanceOfSatisfying(
            ImageException.class,
            e -> assertThat(e.reason()).isEqualTo(ImageException.Reason.INVALID));
  }

  @Test
  void hasItsParts() {
    ImageReference image = ImageReference.parse("LocalHost:5000/team/app:1@sha256:" + HEX);
    assertThat(image.host()).isEqualTo("localhost:5000");
    assertThat(image.path()).isEqualTo("team/app");
    assertThat(image.tag()).contains("1");
    assertThat(image.digest()).contains(new Digest(HEX));
    assertThat(image.wanted()).contains("sha256:" + HEX);
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "localhost:1", "127.0.0.1", "127.9.9.9:5", "[::1]:5"})
  void thisMachine(String host) {
    assertThat(Hosts.isLoopback(host)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"localhost.example.com", "127.0.0.1.example.com", "128.0.0.1", "example.com:127"})
  void anotherMachine(String host) {
    assertThat(Hosts.isLoopback(host)).isFalse();
  }
}
