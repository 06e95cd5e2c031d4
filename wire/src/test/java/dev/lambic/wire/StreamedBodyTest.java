package dev.lambic.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Nobody gets the whole of a body that is not what was signed. */
final class StreamedBodyTest {
  private static StreamedBody body(String content, long length) {
    byte[] bytes = content.getBytes(StandardCharsets.US_ASCII);
    String signed = SigningKeys.hash("good".getBytes(StandardCharsets.US_ASCII));
    return new StreamedBody(new ByteArrayInputStream(bytes), length, BodyCheck.sha256(signed));
  }

  @Test
  void theSignedOneIsGiven() throws IOException {
    for (long length : new long[] {4, -1}) {
      StreamedBody good = body("good", length);
      assertThat(good.readAllBytes()).asString().isEqualTo("good");
      assertThat(good.read()).isEqualTo(-1);
      assertThat(good.refusal()).isNull();
    }
  }

  @Test
  void theLastBytesOfAnotherAreKeptBack() throws IOException {
    StreamedBody evil = body("evil", 4);
    assertThat(evil.readNBytes(3)).asString().isEqualTo("evi");
    assertThatThrownBy(evil::read).isInstanceOf(IOException.class);
    assertThat(evil.refusal()).isNotNull();
    StreamedBody atOnce = body("evil", 4);
    assertThatThrownBy(() -> atOnce.read(new byte[10], 0, 10)).isInstanceOf(IOException.class);
    StreamedBody empty = body("", 0);
    assertThatThrownBy(empty::read).isInstanceOf(IOException.class);
  }
}
