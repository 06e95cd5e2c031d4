package dev.lambic.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests and signatures that AWS published, in its Signature Version 4 test suite and for S3. */
final class SignatureVectorsTest {
  private static final AccessKey SUITE =
      AccessKey.ofAccount("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "123456789012");

  private static Ticker at(String time) {
    return new Ticker() {
      @Override
      public long nanos() {
        return 0;
      }

      @Override
      public Instant instant() {
        return Instant.parse(time);
      }
    };
  }

  private static Authenticator.Result check(HttpRequest request) {
    Authenticator strict =
        new Authenticator(
            AuthMode.ENFORCE,
            id -> id.equals("AKIDEXAMPLE") ? SUITE : null,
            "us-east-1",
            at("2015-08-30T12:36:10Z"));
    return strict.authenticate(Signature.of(request), request);
  }

  private static Headers signed(String signedHeaders, String signature) {
    return Headers.of(
        "Host",
        "example.amazonaws.com",
        "X-Amz-Date",
        "20150830T123600Z",
        "Authorization",
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request,"
            + " SignedHeaders="
            + signedHeaders
            + ", Signature="
            + signature);
  }

  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          GET, /, 5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31
          POST, /, 5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b
          GET, /example1/example2/../.., 5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31
          GET, /./, 5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31
          GET, //example//, 9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84
          GET, /example space/, 652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741
          GET, /example/$delete, a853c9b21b528b19643d00910d35b83a10c366a10833ceefb45edd6c80e40f27
          GET, /ሴ, 8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85
          GET, /-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz, 07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f
          GET, /?Param1=value1, a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb
          GET, /?Param2=value2&Param1=value1, b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500
          GET, /?Param-3=Value3&Param=Value2&%E1%88%B4=Value1, 371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac
          GET, /?ሴ=bar, 2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04
          """)
  void theSuite(String method, String target, String signature) {
    assertThat(
            check(Recorder.request(method, target, signed("host;x-amz-date", signature), ""))
                .caller()
                .account())
        .isEqualTo("123456789012");
  }

  @Test
  void headersAreJoinedTrimmedAndSqueezed() {
    check(
        Recorder.request(
            "GET",
            "/",
            signed(
                    "host;my-header1;my-header2;x-amz-date",
                    "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736")
                .add("My-Header1", "  value1")
                .add("My-Header2", " \"a   b   c\""),
            ""));
    check(
        Recorder.request(
            "GET",
            "/",
            signed(
                    "host;my-header1;x-amz-date",
                    "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea")
                .add("My-Header1", "value2")
                .add("My-Header1", "value2")
                .add("My-Header1", "value1"),
            ""));
  }

  @Test
  void theBodyIsCovered() {
    Headers headers =
        signed(
                "content-type;host;x-amz-date",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a")
            .add("Content-Type", "application/x-www-form-urlencoded");
    check(Recorder.request("POST", "/", headers, "Param1=value1"));
    assertThatThrownBy(() -> check(Recorder.request("POST", "/", headers, "Param1=value2")))
        .isInstanceOf(LambicException.class)
        .hasMessageContaining("does not match the signature you provided");
  }

  /** The example of "Signature Calculations for the Authorization Header: Multiple Chunks". */
  @Test
  void signedChunksAreDecodedAndChecked() {
    String secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    Authenticator strict =
        new Authenticator(
            AuthMode.ENFORCE,
            id -> AccessKey.ofAccount(secret, "123456789012"),
            "us-east-1",
            at("2013-05-24T00:00:00Z"));
    Headers headers =
        Headers.of(
            "Host",
            "s3.amazonaws.com",
            "x-amz-date",
            "20130524T000000Z",
            "x-amz-storage-class",
            "REDUCED_REDUNDANCY",
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
                + "SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;"
                + "x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,"
                + "Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
            "x-amz-content-sha256",
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            "Content-Encoding",
            "aws-chunked",
            "x-amz-decoded-content-length",
            "66560",
            "Content-Length",
            "66824");
    String target = "/examplebucket/chunkObject.txt";
    String body =
        "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n"
            + "a".repeat(65_536)
            + "\r\n400;chunk-signature="
            + "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n"
            + "a".repeat(1_024)
            + "\r\n0;chunk-signature="
            + "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n";
    HttpRequest request = Recorder.request("PUT", target, headers, body);
    assertThat(request.body()).hasSize(66_824);
    byte[] decoded = strict.authenticate(Signature.of(request), request).request().body();
    assertThat(new String(decoded, StandardCharsets.US_ASCII)).isEqualTo("a".repeat(66_560));

    HttpRequest changed = Recorder.request("PUT", target, headers, body.replaceFirst("aa", "ab"));
    assertThatThrownBy(() -> strict.authenticate(Signature.of(changed), changed))
        .isInstanceOf(LambicException.class)
        .hasMessageContaining("does not match the signature");
    HttpRequest cut =
        Recorder.request("PUT", target, headers, body.substring(0, body.lastIndexOf("0;chunk")));
    assertThatThrownBy(() -> strict.authenticate(Signature.of(cut), cut))
        .isInstanceOf(LambicException.class);

    for (int piece : new int[] {1, 7, 4096, 100_000}) {
      inPieces(strict, request, piece);
      assertThatThrownBy(() -> inPieces(strict, changed, piece))
          .isInstanceOf(LambicException.class)
          .hasMessageContaining("does not match the signature");
      assertThatThrownBy(() -> inPieces(strict, cut, piece)).isInstanceOf(LambicException.class);
    }
  }

  /** The same check while the body passes by. */
  private static void inPieces(Authenticator strict, HttpRequest request, int size) {
    byte[] body = request.body();
    HttpRequest head = Recorder.request(request.method(), request.target(), request.headers(), "");
    BodyCheck check = strict.authenticateHead(Signature.of(head), head).check();
    for (int at = 0; at < body.length; at += size) {
      check.bytes(body, at, Math.min(size, body.length - at));
    }
    check.end();
  }
}
