package dev.lambic.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.http.SdkHttpFullRequest;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4FamilyHttpSigner;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.HttpSigner;

final class AuthenticatorTest {
  private static final Instant NOW = Instant.parse("2026-03-04T05:06:07Z");
  private static final String PATH = "/2015-03-31/functions/f%3A1?Qualifier=%24LATEST";
  private static final Map<String, AccessKey> KEYS =
      Map.of(
          "AKIALONG",
          new AccessKey("s3cret", "111122223333", "arn:aws:iam::111122223333:user/ann", null, null),
          "ASIATEMP",
          new AccessKey(
              "s3cret",
              "111122223333",
              "arn:aws:sts::111122223333:assumed-role/r/s",
              "token==",
              NOW.plusSeconds(60)));

  /** A clock that a test sets. */
  private static final class SetTicker implements Ticker {
    private Instant now = NOW;

    @Override
    public long nanos() {
      return 0;
    }

    @Override
    public Instant instant() {
      return now;
    }
  }

  private final SetTicker ticker = new SetTicker();
  private final Authenticator enforce =
      new Authenticator(AuthMode.ENFORCE, KEYS::get, "eu-west-1", ticker);
  private final Authenticator accept =
      new Authenticator(AuthMode.ACCEPT, KEYS::get, "eu-west-1", ticker);

  private static Caller sender(Authenticator authenticator, HttpRequest request) {
    return authenticator.authenticate(Signature.of(request), request).caller();
  }

  private static HttpRequest signed(AwsCredentials credentials, @Nullable Duration presigned) {
    return signed(credentials, presigned, "lambda");
  }

  private static HttpRequest signed(
      AwsCredentials credentials, @Nullable Duration presigned, String service) {
    SdkHttpRequest plain =
        SdkHttpFullRequest.builder()
            .method(SdkHttpMethod.GET)
            .uri(java.net.URI.create("http://localhost:4566" + PATH))
            .build();
    SdkHttpRequest done =
        AwsV4HttpSigner.create()
            .sign(r -> {
              r.identity(credentials)
                  .request(plain)
                  .putProperty(AwsV4FamilyHttpSigner.SERVICE_SIGNING_NAME, service)
                  .putProperty(AwsV4FamilyHttpSigner.DOUBLE_URL_ENCODE, !service.equals("s3"))
                  .putProperty(AwsV4HttpSigner.REGION_NAME, "us-west-2")
                  .putProperty(
                      HttpSigner.SIGNING_CLOCK,
                      java.time.Clock.fixed(NOW, java.time.ZoneOffset.UTC));
              if (presigned != null) {
                r.putProperty(
                        AwsV4FamilyHttpSigner.AUTH_LOCATION,
                        AwsV4FamilyHttpSigner.AuthLocation.QUERY_STRING)
                    .putProperty(AwsV4FamilyHttpSigner.EXPIRATION_DURATION, presigned);
              }
            })
            .request();
    Headers headers = Headers.empty();
    done.forEachHeader((name, values) -> values.forEach(value -> headers.add(name, value)));
    String query = done.encodedQueryParameters().map(text -> "?" + text).orElse("");
    return Recorder.request("GET", done.encodedPath() + query, headers, "");
  }

  private static HttpRequest signed(String id, String secret) {
    return signed(AwsBasicCredentials.create(id, secret), null);
  }

  private static HttpRequest plain(String... headers) {
    return Recorder.request("GET", PATH, Headers.of(headers), "");
  }

  private void refused(HttpRequest request, String code, String message) {
    assertThatThrownBy(() -> sender(enforce, request))
        .isInstanceOfSatisfying(LambicException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining(message);
  }

  @Test
  void aCorrectSignatureSaysWhoSent() {
    for (Authenticator each : new Authenticator[] {enforce, accept}) {
      assertThat(sender(each, signed("AKIALONG", "s3cret")))
          .isEqualTo(
              new Caller(
                  "111122223333", "us-west-2", "AKIALONG", "arn:aws:iam::111122223333:user/ann"));
    }
  }

  @Test
  void aKeyOnRecordMustSignCorrectlyInEitherMode() {
    HttpRequest wrong = signed("AKIALONG", "other");
    refused(
        wrong, "InvalidSignatureException", "The request signature we calculated does not match");
    assertThatThrownBy(() -> sender(accept, wrong)).hasMessageContaining("does not match");
  }

  @Test
  void theMessageShowsWhatShouldHaveBeenSigned() {
    refused(
        signed("AKIALONG", "other"),
        "InvalidSignatureException",
        "The Canonical String for this request should have been\n'GET\n"
            + "/2015-03-31/functions/f%253A1\nQualifier=%24LATEST\nhost:localhost:4566\n");
  }

  @Test
  void anUnknownKeyIsRefusedOrTakenForAnAccount() {
    refused(
        signed("AKIANOBODY", "x"),
        "UnrecognizedClientException",
        "The security token included in the request is invalid.");
    assertThat(sender(accept, signed("AKIANOBODY", "x")))
        .isEqualTo(
            new Caller(
                "000000000000", "us-west-2", "AKIANOBODY", "arn:aws:iam::000000000000:root"));
    assertThat(sender(accept, signed("444455556666", "x")).account()).isEqualTo("444455556666");
    assertThat(sender(accept, signed("44445555666x", "x")).account()).isEqualTo("000000000000");
  }

  @Test
  void noSignatureIsRefusedOrTakenForTheDefaultAccount() {
    refused(plain(), "MissingAuthenticationTokenException", "Missing Authentication Token");
    assertThat(sender(accept, plain()))
        .isEqualTo(new Caller("000000000000", "eu-west-1", null, "arn:aws:iam::000000000000:root"));
    refused(plain("Authorization", "Bearer x"), "MissingAuthenticationTokenException", "Missing");
    assertThat(sender(accept, plain("Authorization", "Bearer x")).accessKeyId()).isNull();
  }

  @Test
  void aWebPageOfAnotherHostMustProveWhoItIs() {
    for (String origin :
        new String[] {"https://evil.example", "http://localhost.evil.example:80", "null"}) {
      assertThatThrownBy(() -> sender(accept, plain("Origin", origin)))
          .hasMessageContaining("A web page of another host");
      HttpRequest unknown = signed("AKIANOBODY", "x");
      unknown.headers().add("Origin", origin);
      assertThatThrownBy(() -> sender(accept, unknown)).isInstanceOf(LambicException.class);
      HttpRequest known = signed("AKIALONG", "s3cret");
      known.headers().add("Origin", origin);
      assertThat(sender(accept, known).accessKeyId()).isEqualTo("AKIALONG");
    }
    for (String origin :
        new String[] {
          "http://localhost:3000", "http://127.0.0.1", "http://[::1]:80", "http://[::1]"
        }) {
      assertThat(sender(accept, plain("Origin", origin)).account()).isEqualTo("000000000000");
    }
  }

  @Test
  void aPublicNameThatLeadsHereMustBeSignedFor() {
    for (String host :
        new String[] {"evil.example", "evil.example:4566", "LOCALHOST.evil.example"}) {
      assertThatThrownBy(() -> sender(accept, plain("Host", host)))
          .hasMessageContaining("A request to a public host name");
      HttpRequest unknown = signed("AKIANOBODY", "x");
      unknown.headers().set("Host", host);
      assertThatThrownBy(() -> sender(accept, unknown)).hasMessageContaining("public host name");
    }
    for (String host :
        new String[] {
          "localhost:4566", "127.0.0.1:4566", "[::1]:4566", "10.0.0.7", "a.localhost:1", "lambic:1"
        }) {
      assertThat(sender(accept, plain("Host", host)).account()).isEqualTo("000000000000");
    }
    HttpRequest fromElsewhere =
        new HttpRequest(
            "GET",
            PATH,
            Headers.of("Host", "lambic.example"),
            new byte[0],
            new InetSocketAddress("192.0.2.1", 1));
    assertThat(sender(accept, fromElsewhere).account()).isEqualTo("000000000000");
  }

  @Test
  void aRegionIsAPlainName() {
    for (String region : new String[] {"", "..", "us east", "us-east-1\nX: y", "r".repeat(65)}) {
      HttpRequest request =
          plain(
              "X-Amz-Date",
              "20260304T050607Z",
              "Authorization",
              "AWS4-HMAC-SHA256 Credential=AKIANOBODY/20260304/"
                  + region
                  + "/lambda/aws4_request, SignedHeaders=host, Signature=00");
      assertThatThrownBy(() -> sender(accept, request))
          .isInstanceOfSatisfying(
              LambicException.class,
              e -> assertThat(e.code()).isEqualTo("InvalidSignatureException"))
          .hasMessage("Credential should be scoped to a valid region, not '" + region + "'. ");
    }
  }

  @Test
  void aTemporaryKeyNeedsItsTokenAndEnds() {
    HttpRequest good = signed(AwsSessionCredentials.create("ASIATEMP", "s3cret", "token=="), null);
    assertThat(sender(enforce, good).principalArn())
        .isEqualTo("arn:aws:sts::111122223333:assumed-role/r/s");
    refused(signed("ASIATEMP", "s3cret"), "UnrecognizedClientException", "is invalid");
    refused(
        signed(AwsSessionCredentials.create("ASIATEMP", "s3cret", "another"), null),
        "UnrecognizedClientException",
        "is invalid");
    ticker.now = NOW.plusSeconds(61);
    refused(good, "ExpiredTokenException", "The security token included in the request is expired");
  }

  @Test
  void fiveMinutesOfSkewAreForgiven() {
    HttpRequest request = signed("AKIALONG", "s3cret");
    ticker.now = NOW.plusSeconds(300);
    assertThat(sender(enforce, request).account()).isEqualTo("111122223333");
    ticker.now = NOW.minusSeconds(300);
    assertThat(sender(enforce, request).account()).isEqualTo("111122223333");
    ticker.now = NOW.plusSeconds(301);
    refused(
        request,
        "InvalidSignatureException",
        "Signature expired: 20260304T050607Z is now earlier than 20260304T050608Z"
            + " (20260304T051108Z - 5 min.)");
    ticker.now = NOW.minusSeconds(301);
    refused(
        request,
        "InvalidSignatureException",
        "Signature not yet current: 20260304T050607Z is still later than 20260304T050606Z"
            + " (20260304T050106Z + 5 min.)");
  }

  @Test
  void aPresignedAddressIsGoodUntilItExpires() {
    HttpRequest request =
        signed(AwsBasicCredentials.create("AKIALONG", "s3cret"), Duration.ofHours(1));
    ticker.now = NOW.plusSeconds(3600);
    assertThat(sender(enforce, request).region()).isEqualTo("us-west-2");
    ticker.now = NOW.plusSeconds(3601);
    refused(request, "InvalidSignatureException", "Signature expired: 20260304T050607Z is now");
    ticker.now = NOW;
    HttpRequest longer =
        new HttpRequest(
            request.method(),
            request.target().replace("X-Amz-Expires=3600", "X-Amz-Expires=3601"),
            request.headers(),
            request.body(),
            request.remote());
    refused(longer, "InvalidSignatureException", "does not match");
    assertThatThrownBy(() ->
            Signature.of(
                Recorder.request(
                    "GET",
                    request.target().replace("X-Amz-Expires=3600", "X-Amz-Expires=604801"),
                    Headers.empty(),
                    "")))
        .hasMessageContaining("must be less than a week");
    assertThatThrownBy(() ->
            Signature.of(
                Recorder.request("GET", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256", Headers.empty(), "")))
        .hasMessageContaining("AWS query-string parameters must include 'X-Amz-Credential'.");
  }

  @Test
  void whatIsIncompleteIsSaidInEitherMode() {
    String start = "AWS4-HMAC-SHA256 ";
    refused(
        plain("Authorization", start + "Credential=a/b/c/d/aws4_request"),
        "IncompleteSignatureException",
        "Authorization header requires 'Signature' parameter. Authorization header requires"
            + " 'SignedHeaders' parameter. Authorization header requires existence of either a"
            + " 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256 Cred");
    refused(
        plain("Authorization", start + "nonsense"),
        "IncompleteSignatureException",
        "'nonsense' not a valid key=value pair (missing equal-sign) in Authorization header");
    String rest = ", SignedHeaders=host, Signature=00";
    refused(
        plain("X-Amz-Date", "20260304T050607Z", "Authorization", start + "Credential=a/b" + rest),
        "IncompleteSignatureException",
        "Credential must have exactly 5 slash-delimited elements, e.g."
            + " keyid/date/region/service/term, got 'a/b'");
    refused(
        plain(
            "X-Amz-Date",
            "20260304T050607Z",
            "Authorization",
            start + "Credential=a/b/c/d/e" + rest),
        "InvalidSignatureException",
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'e'.");
    HttpRequest otherDay =
        plain(
            "X-Amz-Date",
            "20260304T050607Z",
            "Authorization",
            start + "Credential=AKIALONG/20260303/us-east-1/lambda/aws4_request" + rest);
    refused(
        otherDay,
        "InvalidSignatureException",
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP:"
            + " '20260303' != '20260304', from '20260304T050607Z'.");
    refused(
        plain(
            "X-Amz-Date",
            "yesterday",
            "Authorization",
            start + "Credential=AKIALONG/20260303/us-east-1/lambda/aws4_request" + rest),
        "IncompleteSignatureException",
        "Date must be in ISO-8601 'basic format'. Got 'yesterday'.");
    assertThatThrownBy(() -> sender(accept, otherDay)).isInstanceOf(LambicException.class);
  }

  @Test
  void theHostMustBeSigned() {
    HttpRequest request =
        plain(
            "X-Amz-Date",
            "20260304T050607Z",
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=AKIALONG/20260304/us-east-1/lambda/aws4_request,"
                + " SignedHeaders=x-amz-date, Signature=00");
    refused(
        request, "InvalidSignatureException", "'Host' or ':authority' must be a 'SignedHeader'");
  }

  @Test
  void unsignedChunksAreDecoded() {
    HttpRequest request =
        Recorder.request(
            "PUT",
            "/b/k",
            Headers.of(
                "x-amz-content-sha256",
                "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
                "x-amz-decoded-content-length",
                "5"),
            "3\r\nabc\r\n2\r\nde\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n");
    assertThat(accept.authenticate(null, request).request().body()).asString().isEqualTo("abcde");
    for (String broken :
        new String[] {"", "3\r\nab", "-1\r\n", "zz\r\n", "7fffffff\r\nabc", "3\r\nabcd\r\n0\r\n"}) {
      HttpRequest bad = Recorder.request("PUT", "/b/k", request.headers(), broken);
      assertThatThrownBy(() -> accept.authenticate(null, bad)).isInstanceOf(LambicException.class);
    }
  }

  private static HttpRequest forS3(@Nullable Duration presigned) {
    return signed(AwsBasicCredentials.create("AKIALONG", "s3cret"), presigned, "s3");
  }

  @Test
  void nobodyAddsHeadersToWhatWasSignedForS3() {
    for (Duration presigned : new Duration[] {null, Duration.ofHours(1)}) {
      for (String name : new String[] {"x-amz-copy-source", "X-Amz-ACL", "x-amz-meta-a"}) {
        HttpRequest head = forS3(presigned);
        head.headers().add(name, "/private/object");
        refused(head, "AccessDeniedException", "headers present in the request which were not");
        assertThatThrownBy(() -> accept.authenticateHead(Signature.of(head), head))
            .hasMessageContaining("headers present in the request which were not signed");
      }
    }
    HttpRequest link = forS3(Duration.ofHours(1));
    link.headers().add("x-amz-user-agent", "a browser").add("x-amzn-trace-id", "Root=1");
    link.headers().set("x-amz-content-sha256", SigningKeys.hash(new byte[0]));
    assertThat(enforce.authenticateHead(Signature.of(link), link).caller().accessKeyId())
        .isEqualTo("AKIALONG");
    HttpRequest ofLambda = signed("AKIALONG", "s3cret");
    ofLambda.headers().add("X-Amz-Log-Type", "Tail");
    assertThat(sender(enforce, ofLambda).accessKeyId()).isEqualTo("AKIALONG");
  }

  @Test
  void secretsAreNeverPrinted() {
    assertThat(KEYS.toString()).doesNotContain("s3cret").doesNotContain("token==");
  }
}
