package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads frames as AWS's client for Java writes them. */
final class LogFramesTest {
  private final ByteArrayOutputStream given = new ByteArrayOutputStream();
  private final List<Integer> sizes = new ArrayList<>();
  private final LogFrames frames =
      new LogFrames((bytes, length) -> {
        given.write(bytes, 0, length);
        sizes.add(length);
      });

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] frame(int length, byte[] message) {
    return ByteBuffer.allocate(16 + message.length)
        .putInt(0xa55a0003)
        .putInt(length)
        .putLong(1)
        .put(message)
        .array();
  }

  private static byte[] frame(String message) {
    return frame(bytes(message).length, bytes(message));
  }

  private void take(byte[]... parts) {
    for (byte[] part : parts) {
      frames.output(part, part.length);
    }
  }

  private String text() {
    return given.toString(StandardCharsets.UTF_8);
  }

  @Test
  void aFrameIsALine() {
    take(frame("one"), frame("two\n"), frame("thr\n\nee\n\n"), frame(""), frame("\n"), frame("ü"));
    assertThat(text()).isEqualTo("one\ntwo\nthr\r\ree\n\n\nü\n");
  }

  @Test
  void plainOutputIsLeftAsItIs() {
    take(bytes("a\nb\r\n"), bytes("ťť Z ťZ ť"), bytes("Z\n"), bytes("end"));
    assertThat(text()).isEqualTo("a\nb\r\nťť Z ťZ ťZ\nend");
  }

  @Test
  void aFrameEndsAnOpenLine() {
    take(bytes("open"), frame("framed"), bytes("plain\n"), frame("again"));
    assertThat(text()).isEqualTo("open\nframed\nplain\nagain\n");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 7, 16, 17})
  void piecesMakeNoDifference(int size) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : List.of(bytes("ať"), frame("b\nc\n"), bytes("d\n"), frame("e"))) {
      all.writeBytes(part);
    }
    byte[] whole = all.toByteArray();
    for (int from = 0; from < whole.length; from += size) {
      byte[] piece = Arrays.copyOfRange(whole, from, Math.min(whole.length, from + size));
      take(piece);
    }
    assertThat(text()).isEqualTo("ať\nb\rc\nd\ne\n");
  }

  @Test
  void aMessageThatNeverEndsIsNotKept() {
    take(frame(-1, new byte[100_000]));
    take(new byte[100_000]);
    assertThat(sizes).containsExactly(100_000, 100_000);
  }
}
