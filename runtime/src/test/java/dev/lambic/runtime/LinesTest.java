package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Cuts output as it comes. */
final class LinesTest {
  private final List<String> lines = new ArrayList<>();
  private final Lines cutter = new Lines(lines::add);

  private void take(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    cutter.take(bytes, bytes.length);
  }

  @Test
  void joinsWhatComesInPieces() {
    take("on");
    take("e\ntwo\n\nthr");
    take("ee\r\nwithin\rone\nlast");
    assertThat(lines).containsExactly("one", "two", "", "three", "within\none");
    cutter.flush();
    cutter.flush();
    assertThat(lines).endsWith("last").hasSize(6);
  }

  @Test
  void breaksALineThatIsTooLong() {
    take("x".repeat(300_000) + "\n");
    assertThat(lines).extracting(String::length).containsExactly(262_144, 37_856);
  }
}
