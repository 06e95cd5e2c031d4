package dev.lambic.bench;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** That everything works; how fast it is says nothing here. */
final class BenchTest {
  @Test
  void comparesHttpServers() throws IOException, InterruptedException {
    Report report = new HttpServers(Effort.quick()).run();
    assertThat(report.lines()).hasSize(Candidate.values().length * Placement.values().length);
    assertThat(report.lines()).allSatisfy(line -> assertThat(line.figures().count()).isEqualTo(40));
    assertThat(report.lines().stream().filter(line -> line.ratio() == null))
        .hasSize(Placement.values().length);
    assertThat(report.table()).contains("floor", Candidate.JETTY.title());
    assertThat(Json.member(report.json(Machine.here()).getBytes(UTF_8), "row")).isEqualTo("http");
  }

  @ParameterizedTest
  @EnumSource
  void startsAndCallsBareLoops(Language language) throws IOException, InterruptedException {
    Path program = language.program(language.version());
    try (BareLoop.Code code = new BareLoop.Code(language, program)) {
      for (int start = 0; start < 2; start++) {
        try (BareLoop loop = code.start()) {
          assertThat(Hello.of(loop.client().exchange(BareLoop.CALL)).calls()).isEqualTo(1);
          assertThat(Hello.of(loop.client().exchange(BareLoop.CALL)).calls()).isEqualTo(2);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void knowsTheRuntimesOfInterpreters(Language language) throws IOException, InterruptedException {
    assertThat(language.runtime()).matches("python3\\.\\d+|nodejs\\d+\\.x|java25|ruby3\\.[34]");
    assertThat(language.zip()).startsWith('P', 'K');
  }
}
