package dev.lambic.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.kernel.LambicException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** What comes after the pieces of a body is kept until it is signed, and so it is bounded. */
final class ChunkCheckTest {
  private static final String EMPTY = SigningKeys.hash(new byte[0]);

  private final SigningKeys keys = new SigningKeys();
  private final AccessKey key = AccessKey.ofAccount("secret", "111122223333");
  private final Signature seed =
      new Signature(
          "AKIA", "20260304", "us-east-1", "s3", "host", "5eed", "20260304T050607Z", -1, null);
  private final ChunkCheck check = new ChunkCheck(new AwsChunked.Signer(keys, key, seed));
  private String last = "";

  private String sign(String algorithm, String previous, String hashes) {
    String text =
        algorithm + '\n' + seed.time() + '\n' + seed.scope() + '\n' + previous + '\n' + hashes;
    return keys.sign(key, seed, text);
  }

  private void say(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    check.bytes(bytes, 0, bytes.length);
  }

  private void lastPiece() {
    last = sign("AWS4-HMAC-SHA256-PAYLOAD", seed.value(), EMPTY + '\n' + EMPTY);
    say("0;chunk-signature=" + last + "\r\n");
  }

  @Test
  void signedTrailersAreTaken() {
    lastPiece();
    String trailers = ("x-amz-meta-a:" + "a".repeat(86) + "\n").repeat(80);
    say(trailers.replace("\n", "\r\n"));
    String hash = SigningKeys.hash(trailers.getBytes(StandardCharsets.ISO_8859_1));
    say("x-amz-trailer-signature:" + sign("AWS4-HMAC-SHA256-TRAILER", last, hash) + "\r\n\r\n");
    check.end();
  }

  @Test
  void trailersWithoutAnEndAreRefused() {
    lastPiece();
    String line = "x-amz-meta-a:" + "a".repeat(86) + "\r\n";
    assertThatThrownBy(() -> say(line.repeat(100)))
        .isInstanceOfSatisfying(
            LambicException.class, e -> assertThat(e.code()).isEqualTo("IncompleteBody"));
  }
}
