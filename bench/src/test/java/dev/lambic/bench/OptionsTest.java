package dev.lambic.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

final class OptionsTest {
  @Test
  void takesRowsInTheOrderGiven() throws Options.Misuse {
    Options options = Options.parse("cold", "http", "--quick", "--out", "x", "--", "java", "--v");
    assertThat(options.rows()).containsExactly(Row.COLD, Row.HTTP);
    assertThat(options.quick()).isTrue();
    assertThat(options.out()).contains(Path.of("x"));
    assertThat(options.server()).isEqualTo(List.of("java", "--v"));
  }

  @Test
  void takesAllRowsIfNoneIsNamed() throws Options.Misuse {
    assertThat(Options.parse("--", "java").rows())
        .containsExactly(
            Row.HTTP,
            Row.START,
            Row.WARM,
            Row.THROUGHPUT,
            Row.COLD,
            Row.RESTORE,
            Row.RATE,
            Row.MEMORY,
            Row.FREEZE,
            Row.STREAM,
            Row.ASYNC,
            Row.FUNCTIONS,
            Row.BYTECODE);
  }

  @Test
  void profilesWarmAndColdCalls() throws Options.Misuse {
    assertThat(Options.parse("--profile", "--", "java").rows()).containsExactly(Row.WARM, Row.COLD);
  }

  @Test
  void measuresPeersBesides() throws Options.Misuse {
    assertThat(Options.parse("cold", "--peers", "--", "java").rows())
        .containsExactly(Row.COLD, Row.PEERS);
    assertThat(Options.parse("--all", "--", "java").rows()).containsExactly(Row.values());
  }

  @Test
  void onlyWritesTheTableAnew() throws Options.Misuse {
    Options options = Options.parse("table", "--out", "x", "--specification", "y");
    assertThat(options.rows()).isEmpty();
    assertThat(options.table()).isTrue();
    assertThat(options.specification()).contains(Path.of("y"));
  }

  @Test
  void refusesWhatMakesNoSense() {
    assertThatThrownBy(() -> Options.parse("tepid"))
        .isInstanceOf(Options.Misuse.class)
        .hasMessageContaining(
            "http, start, warm, clients, throughput, cold, restore, rate, memory, freeze, stream, async, functions, bytecode, peers");
    assertThatThrownBy(() -> Options.parse("warm")).isInstanceOf(Options.Misuse.class);
    assertThatThrownBy(() -> Options.parse("http", "--out")).isInstanceOf(Options.Misuse.class);
    assertThatThrownBy(() -> Options.parse("http", "--profile")).isInstanceOf(Options.Misuse.class);
  }
}
