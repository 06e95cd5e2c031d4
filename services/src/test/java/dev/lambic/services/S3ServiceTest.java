package dev.lambic.services;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.http.BodySink;
import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import dev.lambic.http.Responder;
import dev.lambic.kernel.Ids;
import dev.lambic.wire.AccessKey;
import dev.lambic.wire.AuthMode;
import dev.lambic.wire.AwsEndpoint;
import dev.lambic.wire.Service;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is refused before S3Proxy is asked, which is not installed here. */
final class S3ServiceTest {
  private static final String DAY = "20260304";
  private static final String TIME = DAY + "T050607Z";
  private static final String SIGNED = "host;x-amz-content-sha256;x-amz-date";

  @TempDir private Path directory;
  private final HandClock clock = new HandClock();
  private final List<Throwable> faults = new CopyOnWriteArrayList<>();
  private S3Service s3;
  private AwsEndpoint endpoint;

  @BeforeEach
  void open() {
    s3 =
        new S3Service(
            directory.resolve("installation"),
            directory.resolve("objects"),
            directory.resolve("log"),
            clock);
    endpoint =
        AwsEndpoint.builder(clock, Ids.seeded(1), (where, fault) -> faults.add(fault))
            .auth(AuthMode.ENFORCE, id -> AccessKey.ofAccount("secret", "111122223333"))
            .service(Service.s3(s3))
            .build();
  }

  @AfterEach
  void close() {
    s3.close();
    assertThat(faults).isEmpty();
  }

  @Test
  void anEmptyBodyIsNotTakenForAnother() throws Exception {
    assertThat(put(sha256("good"), "")).startsWith("400").contains("XAmzContentSHA256Mismatch");
    assertThat(put("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", ""))
        .startsWith("400")
        .contains("IncompleteBody");
    assertThat(put(sha256(""), "")).startsWith("503").contains("./lambic install s3");
    assertThat(put(sha256("good"), "good")).startsWith("503").contains("./lambic install s3");
  }

  private String put(String hash, String body) throws Exception {
    String canonical =
        "PUT\n/b/k\n\nhost:localhost\nx-amz-content-sha256:"
            + hash
            + "\nx-amz-date:"
            + TIME
            + "\n\n"
            + SIGNED
            + "\n"
            + hash;
    String scope = DAY + "/us-east-1/s3/aws4_request";
    String text = "AWS4-HMAC-SHA256\n" + TIME + "\n" + scope + "\n" + sha256(canonical);
    byte[] key = "AWS4secret".getBytes(StandardCharsets.UTF_8);
    for (String part : scope.split("/")) {
      key = hmac(key, part);
    }
    String authorization =
        "AWS4-HMAC-SHA256 Credential=AKIA/"
            + scope
            + ", SignedHeaders="
            + SIGNED
            + ", Signature="
            + HexFormat.of().formatHex(hmac(key, text));
    Headers headers =
        Headers.of(
            "Host", "localhost",
            "x-amz-content-sha256", hash,
            "x-amz-date", TIME,
            "Authorization", authorization);
    CompletableFuture<String> answer = new CompletableFuture<>();
    endpoint.handle(
        new HttpRequest(
            "PUT",
            "/b/k",
            headers,
            body.getBytes(StandardCharsets.UTF_8),
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 1)),
        new OneAnswer(answer));
    return answer.get(30, TimeUnit.SECONDS);
  }

  private static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String sha256(String text) throws GeneralSecurityException {
    return HexFormat.of()
        .formatHex(
            MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
  }

  private record OneAnswer(CompletableFuture<String> answer) implements Responder {
    @Override
    public void send(int status, Headers headers, byte[] body) {
      answer.complete(status + " " + new String(body, StandardCharsets.UTF_8));
    }

    @Override
    public BodySink begin(int status, Headers headers) {
      throw new UnsupportedOperationException("answers here are whole");
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void onAbort(Runnable action) {}
  }
}
