package dev.lambic.acceptance;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4FamilyHttpSigner.AuthLocation;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.SignRequest;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/**
 * A request signed by AWS's own signer, which can be changed after that.
 *
 * @param headers names and values in turn, without those that the client sets itself
 */
record SignedRequest(String method, URI uri, List<String> headers, String body) {
  private static final Set<String> SET_BY_CLIENT = Set.of("host", "content-length", "connection");

  /** How to sign. */
  record How(
      String accessKeyId,
      String secret,
      Clock clock,
      @Nullable Duration presigned,
      String service) {
    static How plain(String accessKeyId, String secret) {
      return new How(accessKeyId, secret, Clock.systemUTC(), null, "lambda");
    }

    How at(Clock other) {
      return new How(accessKeyId, secret, other, presigned, service);
    }

    How presigned(Duration valid) {
      return new How(accessKeyId, secret, clock, valid, service);
    }

    How forService(String other) {
      return new How(accessKeyId, secret, clock, presigned, other);
    }
  }

  static SignedRequest of(SdkHttpMethod method, URI uri, String body, How how) {
    SdkHttpRequest request = SdkHttpRequest.builder().method(method).uri(uri).build();
    SdkHttpRequest signed =
        AwsV4HttpSigner.create()
            .sign(sign -> configure(sign.request(request), body, how))
            .request();
    List<String> headers = new ArrayList<>();
    signed.forEachHeader((name, values) -> {
      if (!SET_BY_CLIENT.contains(name.toLowerCase(Locale.ROOT))) {
        values.forEach(value -> headers.addAll(List.of(name, value)));
      }
    });
    return new SignedRequest(method.name(), signed.getUri(), headers, body);
  }

  private static void configure(
      SignRequest.Builder<AwsCredentialsIdentity> sign, String body, How how) {
    sign.identity(AwsCredentialsIdentity.create(how.accessKeyId(), how.secret()))
        .payload(ContentStreamProvider.fromUtf8String(body))
        .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, how.service())
        .putProperty(AwsV4HttpSigner.REGION_NAME, Clients.REGION)
        .putProperty(AwsV4HttpSigner.SIGNING_CLOCK, how.clock());
    if (how.presigned() != null) {
      sign.putProperty(AwsV4HttpSigner.AUTH_LOCATION, AuthLocation.QUERY_STRING)
          .putProperty(AwsV4HttpSigner.EXPIRATION_DURATION, how.presigned());
    }
  }

  /** The same signature with another body. */
  SignedRequest withBody(String other) {
    return new SignedRequest(method, uri, headers, other);
  }

  /** The same signature for another place. */
  SignedRequest withUri(URI other) {
    return new SignedRequest(method, other, headers, body);
  }

  HttpResponse<String> send() throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .timeout(Duration.ofSeconds(30))
            .method(
                method,
                body.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body, StandardCharsets.UTF_8));
    for (int i = 0; i < headers.size(); i += 2) {
      request.header(headers.get(i), headers.get(i + 1));
    }
    try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
  }
}
