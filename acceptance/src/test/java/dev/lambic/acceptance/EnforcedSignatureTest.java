package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.LambdaException;

/** A server that accepts only requests which are signed with a key that it knows. */
class EnforcedSignatureTest {
  private static final String MISSING = "Missing Authentication Token";
  private static final String UNKNOWN = "The security token included in the request is invalid.";
  private static final String WRONG =
      "The request signature we calculated does not match the signature you provided. Check your"
          + " AWS Secret Access Key and signing method. Consult the service documentation for"
          + " details.";

  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic("--auth", "enforce");

  private static String keyId = "";
  private static String secret = "";

  @BeforeAll
  static void readCredentials() {
    String file = Zip.read(LAMBIC.server().data().resolve("credentials"));
    keyId = value(file, "aws_access_key_id");
    secret = value(file, "aws_secret_access_key");
  }

  private static String value(String file, String name) {
    return file.lines()
        .filter(line -> line.startsWith(name))
        .map(line -> line.substring(line.indexOf('=') + 1).trim())
        .findFirst()
        .orElseThrow();
  }

  private static LambdaClient client(String id, String key) {
    return Clients.lambda(LAMBIC.server().address(), id, key);
  }

  private static URI functions() {
    return LAMBIC.server().address().resolve("/2015-03-31/functions");
  }

  private static SignedRequest.How known() {
    return SignedRequest.How.plain(keyId, secret);
  }

  @Test
  void theKeyFileIsPrivate() throws IOException {
    assertThat(Files.getPosixFilePermissions(LAMBIC.server().data().resolve("credentials")))
        .containsExactlyInAnyOrder(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
  }

  @Test
  void theStoredKeyWorksForEverything() {
    try (LambdaClient lambda = client(keyId, secret)) {
      TestFunction function =
          TestFunction.pythonText(lambda, "mine", "def handler(event, context): return event");
      assertThat(function.invoke("{\"a\":\"ü\"}").payload()).contains("\"a\"");
      assertThat(lambda.listFunctions().functions())
          .extracting(FunctionConfiguration::functionName)
          .containsExactly("mine");
      function.delete();
    }
  }

  @Test
  void anUnknownKeyIsRefused() {
    try (LambdaClient lambda = client("AKIAIOSFODNN7EXAMPLE", secret)) {
      refused(lambda, "UnrecognizedClientException", UNKNOWN);
    }
  }

  @Test
  void aWrongSecretIsRefused() {
    try (LambdaClient lambda = client(keyId, "wrong" + secret)) {
      refused(lambda, "InvalidSignatureException", WRONG);
    }
  }

  private static void refused(LambdaClient lambda, String code, String message) {
    assertThatThrownBy(lambda::listFunctions)
        .isInstanceOfSatisfying(
            LambdaException.class,
            e -> {
              assertThat(e.statusCode()).isEqualTo(403);
              assertThat(e.awsErrorDetails().errorCode()).isEqualTo(code);
              assertThat(e.awsErrorDetails().errorMessage()).startsWith(message);
            });
  }

  @Test
  void anUnsignedRequestIsRefused() throws IOException, InterruptedException {
    HttpResponse<String> answer = new SignedRequest("GET", functions(), List.of(), "").send();
    refused(answer, "MissingAuthenticationTokenException", MISSING);
  }

  private static void refused(HttpResponse<String> answer, String code, String message) {
    assertThat(answer.statusCode()).isEqualTo(403);
    assertThat(answer.headers().firstValue("x-amzn-errortype").orElse("")).startsWith(code);
    assertThat(answer.body()).contains(message);
    assertThat(answer.headers().firstValue("x-amzn-requestid")).isPresent();
  }

  @Test
  void signaturesInTheHeaderAndInTheQueryAreAccepted() throws IOException, InterruptedException {
    assertThat(SignedRequest.of(SdkHttpMethod.GET, functions(), "", known()).send().statusCode())
        .isEqualTo(200);
    SignedRequest presigned =
        SignedRequest.of(
            SdkHttpMethod.GET, functions(), "", known().presigned(Duration.ofMinutes(5)));
    assertThat(presigned.uri().getRawQuery()).contains("X-Amz-Signature=");
    assertThat(presigned.send().statusCode()).isEqualTo(200);
  }

  @Test
  void anExpiredPresignedRequestIsRefused() throws IOException, InterruptedException {
    Clock past = Clock.offset(Clock.systemUTC(), Duration.ofMinutes(-10));
    HttpResponse<String> answer =
        SignedRequest.of(
                SdkHttpMethod.GET,
                functions(),
                "",
                known().at(past).presigned(Duration.ofMinutes(5)))
            .send();
    refused(answer, "InvalidSignatureException", "Signature expired: ");
  }

  @Test
  void anOldSignatureIsRefused() throws IOException, InterruptedException {
    Clock past = Clock.offset(Clock.systemUTC(), Duration.ofMinutes(-30));
    refused(
        SignedRequest.of(SdkHttpMethod.GET, functions(), "", known().at(past)).send(),
        "InvalidSignatureException",
        "Signature expired: ");
    Clock future = Clock.offset(Clock.systemUTC(), Duration.ofMinutes(30));
    refused(
        SignedRequest.of(SdkHttpMethod.GET, functions(), "", known().at(future)).send(),
        "InvalidSignatureException",
        "Signature not yet current: ");
  }

  @Test
  void whatIsChangedAfterSigningIsRefused() throws IOException, InterruptedException {
    URI invoke = functions().resolve("/2015-03-31/functions/none/invocations");
    SignedRequest signed = SignedRequest.of(SdkHttpMethod.POST, invoke, "{\"a\":1}", known());
    assertThat(signed.send().statusCode()).as("signed as it should be").isEqualTo(404);
    refused(
        signed.withBody("{\"a\":2}").send(), "InvalidSignatureException", "The request signature");
    refused(
        signed.withUri(invoke.resolve("/2015-03-31/functions/nine/invocations")).send(),
        "InvalidSignatureException",
        "The request signature");
    refused(
        signed.withUri(URI.create(invoke + "?Qualifier=1")).send(),
        "InvalidSignatureException",
        "The request signature");
  }

  @Test
  void aHalfAuthorizationIsRefused() throws IOException, InterruptedException {
    for (String value :
        List.of(
            "AWS4-HMAC-SHA256",
            "AWS4-HMAC-SHA256 Credential=x",
            "AWS4-HMAC-SHA256 Credential=" + keyId + "/x, SignedHeaders=host, Signature=00",
            "Bearer token",
            "Basic dGVzdDp0ZXN0")) {
      HttpResponse<String> answer =
          new SignedRequest("GET", functions(), List.of("Authorization", value), "").send();
      assertThat(answer.statusCode()).as(value).isBetween(400, 403);
      assertThat(answer.body()).doesNotContain("Functions");
    }
  }

  @Test
  void functionUrlsWantTheSameSignatures() throws IOException {
    try (LambdaClient lambda = client(keyId, secret)) {
      TestFunction function = TestFunction.python(lambda, "behind-url", "web.py");
      URI url =
          URI.create(
                  lambda
                      .createFunctionUrlConfig(
                          r -> r.functionName(function.name()).authType("AWS_IAM"))
                      .functionUrl())
              .resolve("/path?b=1&a=2");
      assertThat(signed(url, known()).status()).isEqualTo(201);
      assertThat(signed(url, SignedRequest.How.plain("222222222222", secret)).body())
          .isEqualTo("{\"message\":\"" + UNKNOWN + "\"}");
      UrlCall wrong = signed(url, SignedRequest.How.plain(keyId, "wrong"));
      assertThat(wrong.status()).isEqualTo(403);
      assertThat(wrong.body()).startsWith("{\"message\":\"The request signature");
      function.delete();
    }
  }

  private static UrlCall signed(URI url, SignedRequest.How how) throws IOException {
    SignedRequest request = SignedRequest.of(SdkHttpMethod.GET, url, "", how);
    return UrlCall.send(LAMBIC.server().address(), "GET", url, request.headers(), "");
  }

  @Test
  void functionsSpeakToTheServerWithTheirOwnKeys() {
    try (LambdaClient lambda = client(keyId, secret)) {
      TestFunction function =
          TestFunction.python(
              lambda,
              "inside",
              "neighbours.py",
              settings -> settings.environment(own -> own.variables(Map.of("TABLE", "none"))));
      assertThat(function.act("list").success().toString()).contains("inside");
      function.delete();
    }
  }
}
