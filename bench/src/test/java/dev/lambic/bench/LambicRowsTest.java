package dev.lambic.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** That a real server can be measured; how fast it is says nothing here. */
final class LambicRowsTest {
  /** As ./lambic runs it, from what the build of the server has left. */
  private static List<String> server() {
    Path root = Path.of(System.getProperty("lambic.root", ".."));
    Path app = root.resolve("server/target/app");
    assertThat(app).describedAs("./lambic test builds the server first").isDirectory();
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED",
        "-XX:+UseSerialGC",
        "-Xmx256m",
        "-Dlambic.home=" + root,
        "-cp",
        app.resolve("*").toString(),
        "dev.lambic.server.Main");
  }

  @Test
  void measuresWarmCalls() throws IOException, InterruptedException {
    Report report = Row.WARM.measure(Effort.quick(), server());
    assertThat(report.lines())
        .extracting(Line::subject)
        .containsExactly(
            "bare loop",
            "Lambic",
            "bare loop",
            "Lambic",
            "bare loop",
            "Lambic",
            "bare loop",
            "Lambic");
    assertThat(report.lines())
        .extracting(line -> line.figures().count())
        .containsExactly(40, 40, 20, 20, 40, 40, 20, 20);
  }

  @Test
  void measuresColdCalls() throws IOException, InterruptedException {
    Report report = Row.COLD.measure(Effort.quick(), server());
    assertThat(report.lines())
        .extracting(Line::subject)
        .containsExactly("bare process", "Lambic", "bare process", "Lambic");
    assertThat(report.lines()).allSatisfy(line -> assertThat(line.figures().count()).isEqualTo(4));
  }

  @Test
  void measuresMemoryOfIdleEnvironments() throws IOException, InterruptedException {
    Report report = Row.MEMORY.measure(Effort.quick(), server());
    assertThat(report.values())
        .extracting(Value::subject)
        .containsExactly("bare process", "Lambic", "bare process", "Lambic");
    assertThat(report.values()).allSatisfy(value -> assertThat(value.value()).isPositive());
  }

  @Test
  void measuresFrozenEnvironments() throws IOException, InterruptedException {
    Report report = Row.FREEZE.measure(Effort.quick(), server());
    assertThat(report.lines())
        .extracting(Line::subject)
        .startsWith("bare loop", "Lambic, frozen", "bare loop", "Lambic, not frozen")
        .hasSize(8);
  }

  @Test
  void measuresStreamedCalls() throws IOException, InterruptedException {
    Report report = Row.STREAM.measure(Effort.quick(), server());
    assertThat(report.lines()).extracting(Line::subject).containsExactly("bare loop", "Lambic");
    assertThat(report.lines()).allSatisfy(line -> assertThat(line.figures().count()).isEqualTo(10));
  }

  @Test
  void measuresStartAndIdleServer() throws IOException, InterruptedException {
    Report report = Row.START.measure(Effort.quick(), server());
    assertThat(report.lines())
        .extracting(Line::subject)
        .containsExactly("JVM that says hello", "Lambic");
    assertThat(report.values()).extracting(Value::unit).containsExactly("MiB", "% of a core");
  }
}
