package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;

/** S3 by the clients of AWS as their users have them, and by those who mean no good. */
class S3Test {
  /** More than what the server puts together of any other request. */
  private static final int LARGE = 100 << 20;

  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private static String keyId = "";
  private static String secret = "";

  @BeforeAll
  static void readCredentials() {
    for (String line : Zip.read(LAMBIC.server().data().resolve("credentials")).lines().toList()) {
      String value = line.substring(line.indexOf('=') + 1).trim();
      if (line.startsWith("aws_access_key_id")) {
        keyId = value;
      } else if (line.startsWith("aws_secret_access_key")) {
        secret = value;
      }
    }
  }

  private static StaticCredentialsProvider credentials(String key) {
    return StaticCredentialsProvider.create(AwsBasicCredentials.create(keyId, key));
  }

  private static S3Client client(URI endpoint, String key) {
    return S3Client.builder()
        .endpointOverride(endpoint)
        .region(Region.of(Clients.REGION))
        .credentialsProvider(credentials(key))
        .httpClientBuilder(UrlConnectionHttpClient.builder().socketTimeout(Duration.ofSeconds(90)))
        .overrideConfiguration(settings -> settings.retryStrategy(AwsRetryStrategy.doNotRetry()))
        .build();
  }

  private static URI address() {
    return LAMBIC.server().address();
  }

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  private static void succeeds(Script.Ended ended) {
    assertThat(ended.code()).as(ended.output()).isZero();
    assertThat(ended.output()).endsWith("all went well\n");
  }

  @Test
  void boto3DoesAllOfIt(@TempDir Path directory) {
    succeeds(Script.python(address(), Places.script("use_s3.py"), keyId, secret).run(directory));
  }

  @Test
  void functionsTakeTheirCodeOutOfIt(@TempDir Path directory) {
    succeeds(Script.python(address(), Places.script("use_code_from_s3.py")).run(directory));
  }

  @Test
  void theAwsCliDoesAllOfIt(@TempDir Path directory) {
    succeeds(Script.withAwsCli(address(), Places.script("use_s3_cli.sh")).run(directory));
  }

  @Test
  void theJavaSdkSignsEveryPiece() {
    byte[] content = random(300_000);
    try (S3Client s3 = client(address(), secret)) {
      s3.createBucket(b -> b.bucket("java"));
      s3.putObject(
          o -> o.bucket("java").key("a/b").checksumAlgorithm(ChecksumAlgorithm.SHA256),
          RequestBody.fromBytes(content));
      assertThat(s3.getObjectAsBytes(o -> o.bucket("java").key("a/b")).asByteArray())
          .isEqualTo(content);
      HeadObjectResponse head = s3.headObject(o -> o.bucket("java").key("a/b"));
      assertThat(head.contentLength()).isEqualTo(content.length);
      byte[] part = random(5 << 20);
      String upload = s3.createMultipartUpload(o -> o.bucket("java").key("parts")).uploadId();
      List<CompletedPart> parts =
          List.of(1, 2).stream()
              .map(number ->
                  CompletedPart.builder()
                      .partNumber(number)
                      .eTag(
                          s3.uploadPart(
                                  o ->
                                      o.bucket("java")
                                          .key("parts")
                                          .uploadId(upload)
                                          .partNumber(number),
                                  RequestBody.fromBytes(part))
                              .eTag())
                      .build())
              .toList();
      s3.completeMultipartUpload(
          o -> o.bucket("java").key("parts").uploadId(upload).multipartUpload(m -> m.parts(parts)));
      assertThat(s3.headObject(o -> o.bucket("java").key("parts")).contentLength())
          .isEqualTo(10L << 20);
      assertThatThrownBy(() -> s3.getObject(o -> o.bucket("java").key("absent")))
          .isInstanceOf(NoSuchKeyException.class);
    }
    try (S3Client forger = client(address(), "wrong" + secret);
        S3Client s3 = client(address(), secret)) {
      assertThatThrownBy(() ->
              forger.putObject(o -> o.bucket("java").key("forged"), RequestBody.fromBytes(content)))
          .isInstanceOfSatisfying(
              S3Exception.class,
              e -> assertThat(e.awsErrorDetails().errorCode()).isEqualTo("SignatureDoesNotMatch"));
      assertThatThrownBy(() -> s3.headObject(o -> o.bucket("java").key("forged")))
          .isInstanceOf(NoSuchKeyException.class);
    }
  }

  @Test
  void aLargeObjectPassesThroughPieceByPiece() throws IOException {
    try (S3Client s3 = client(address(), secret)) {
      s3.createBucket(b -> b.bucket("large"));
      s3.putObject(
          o -> o.bucket("large").key("zeros"),
          RequestBody.fromContentProvider(Zeros::new, LARGE, "application/x-zeros"));
      long count = 0;
      try (InputStream back = s3.getObject(o -> o.bucket("large").key("zeros"))) {
        count = back.transferTo(OutputStream.nullOutputStream());
      }
      assertThat(count).isEqualTo(LARGE);
      s3.deleteObject(o -> o.bucket("large").key("zeros"));
    }
  }

  /** As many zeros as the large object has. */
  private static final class Zeros extends InputStream {
    private int left = LARGE;

    @Override
    public int read() {
      return left-- > 0 ? 0 : -1;
    }

    @Override
    public int read(byte[] into, int from, int most) {
      int count = Math.min(left, most);
      left -= count;
      return count == 0 && most > 0 ? -1 : count;
    }
  }

  @Test
  void aBodyThatIsNotTheSignedOneIsNotKept() throws Exception {
    try (S3Client s3 = client(address(), secret);
        S3Presigner presigner =
            S3Presigner.builder()
                .endpointOverride(address())
                .region(Region.of(Clients.REGION))
                .credentialsProvider(credentials(secret))
                .build()) {
      s3.createBucket(b -> b.bucket("signed"));
      URI link =
          presigner
              .presignPutObject(p ->
                  p.signatureDuration(Duration.ofMinutes(5))
                      .putObjectRequest(o -> o.bucket("signed").key("k")))
              .url()
              .toURI();
      assertThat(put(link, "anything").statusCode()).isEqualTo(200);
      assertThat(s3.getObjectAsBytes(o -> o.bucket("signed").key("k")).asUtf8String())
          .isEqualTo("anything");
      URI object = address().resolve("/signed/other");
      SignedRequest.How how = SignedRequest.How.plain(keyId, secret).forService("s3");
      SignedRequest request = SignedRequest.of(SdkHttpMethod.PUT, object, "good", how);
      HttpResponse<String> refused = request.withBody("evil").send();
      assertThat(refused.statusCode()).isEqualTo(400);
      assertThat(refused.body()).contains("<Code>XAmzContentSHA256Mismatch</Code>");
      assertThatThrownBy(() -> s3.headObject(o -> o.bucket("signed").key("other")))
          .isInstanceOf(NoSuchKeyException.class);
      assertThat(request.withBody("").send().body())
          .contains("<Code>XAmzContentSHA256Mismatch</Code>");
      assertThat(request.send().statusCode()).isEqualTo(200);
      assertThat(
              say(
                  "PUT",
                  address().getAuthority(),
                  link.getRawPath() + "?" + link.getRawQuery(),
                  "x-amz-copy-source: /signed/other\r\n",
                  ""))
          .startsWith("HTTP/1.1 403")
          .contains("<Code>AccessDenied</Code>");
      assertThat(s3.getObjectAsBytes(o -> o.bucket("signed").key("k")).asUtf8String())
          .isEqualTo("anything");
    }
  }

  private static HttpResponse<String> put(URI link, String body)
      throws IOException, InterruptedException {
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(
          HttpRequest.newBuilder(link).PUT(HttpRequest.BodyPublishers.ofString(body)).build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  private static String say(String method, String host, String target, String more, String body)
      throws IOException {
    try (RawHttp raw = RawHttp.connect(address())) {
      String length = body.isEmpty() ? "" : "Content-Length: " + body.length() + "\r\n";
      return raw.say(
              method
                  + " "
                  + target
                  + " HTTP/1.1\r\nHost: "
                  + host
                  + "\r\nConnection: close\r\n"
                  + more
                  + length
                  + "\r\n"
                  + body)
          .rest();
    }
  }

  @Test
  void theHostMayNameTheBucket() throws IOException {
    try (S3Client s3 = client(address(), secret)) {
      s3.createBucket(b -> b.bucket("hosted"));
      s3.putObject(o -> o.bucket("hosted").key("a/b"), RequestBody.fromString("content"));
    }
    String host = "hosted.localhost:" + address().getPort();
    assertThat(say("GET", host, "/a/b", "", "")).startsWith("HTTP/1.1 200").endsWith("content");
    assertThat(say("PUT", host, "/c", "", "more")).startsWith("HTTP/1.1 200");
    assertThat(say("GET", "hosted.s3.localhost", "/c", "", "")).endsWith("more");
    assertThat(say("GET", "nobody.localhost", "/c", "", "")).contains("<Code>NoSuchBucket</Code>");
  }

  @Test
  void noNameLeadsOutOfTheDirectoryOfTheObjects() throws IOException {
    try (S3Client s3 = client(address(), secret)) {
      s3.createBucket(b -> b.bucket("outside"));
      Path credentials = LAMBIC.server().data().resolve("credentials");
      String before = Files.readString(credentials);
      String host = "outside.localhost";
      for (String path :
          List.of(
              "/../../credentials",
              "/..%2f..%2fcredentials",
              "/%2e%2e/%2e%2e/credentials",
              "/a/../../../credentials",
              "/..%2f..%2fcredentials%00x")) {
        assertThat(say("GET", host, path, "", ""))
            .as(path)
            .startsWith("HTTP/1.1 400")
            .contains("<Code>InvalidURI</Code>");
        assertThat(say("PUT", host, path, "", "x")).as(path).startsWith("HTTP/1.1 400");
        assertThat(say("PUT", host, "/copy", "x-amz-copy-source: /outside" + path + "\r\n", ""))
            .as(path)
            .startsWith("HTTP/1.1 400");
      }
      for (String query : List.of("uploadId=../../../evil&partNumber=1", "versionId=..%2Fevil")) {
        assertThat(say("PUT", host, "/k?" + query, "", "x")).as(query).startsWith("HTTP/1.1 4");
      }
      assertThat(say("GET", host, "/?list-type=2&prefix=../../", "", ""))
          .doesNotContain("lambic.db");
      try {
        s3.deleteObjects(d ->
            d.bucket("outside")
                .delete(
                    o -> o.objects(ObjectIdentifier.builder().key("../../credentials").build())));
      } catch (S3Exception refused) {
        assertThat(refused.statusCode()).isBetween(400, 499);
      }
      assertThat(credentials).hasContent(before);
      try (var all = Files.list(LAMBIC.server().data())) {
        assertThat(all.map(file -> file.getFileName().toString()))
            .noneMatch(name -> name.contains("evil") || name.contains("copy"));
      }
    }
  }

  /** The target is what follows the address of S3Proxy's port where its request is passed on. */
  @Test
  void noTargetLeadsToAnotherServer() throws IOException {
    String here = "127.0.0.1:" + address().getPort() + "/2015-03-31/functions";
    String signature =
        "X-Amz-Date: 20260101T000000Z\r\nAuthorization: AWS4-HMAC-SHA256"
            + " Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host,"
            + " Signature=00\r\n";
    try (S3Client s3 = client(address(), secret)) {
      s3.createBucket(b -> b.bucket("target"));
    }
    assertThat(say("GET", "127.0.0.1", "/target/none", signature, ""))
        .contains("<Code>NoSuchKey</Code>");
    for (String target : List.of("@" + here, ":x@" + here, "http://" + here, here, "*")) {
      for (String body : List.of("", "body")) {
        assertThat(say("GET", "127.0.0.1", target, signature, body))
            .as(target)
            .startsWith("HTTP/1.1 400")
            .doesNotContain("\"Functions\"");
      }
    }
  }

  @Test
  void nothingRunsBeforeTheFirstCallAndWhatWasAcknowledgedSurvives() {
    try (RunningLambic lambic = RunningLambic.start()) {
      assertThat(lambic.data().resolve("s3")).doesNotExist();
      try (S3Client s3 = client(lambic.address(), secret)) {
        s3.createBucket(b -> b.bucket("kept"));
        s3.putObject(o -> o.bucket("kept").key("k"), RequestBody.fromString("content"));
      }
      lambic.killHard();
      Await.until(
          Duration.ofSeconds(30),
          "the end of S3Proxy",
          () -> Residue.processesNaming(lambic.data()).isEmpty());
      lambic.launch();
      try (S3Client s3 = client(lambic.address(), secret)) {
        assertThat(s3.getObjectAsBytes(o -> o.bucket("kept").key("k")).asUtf8String())
            .isEqualTo("content");
      }
    }
  }
}
