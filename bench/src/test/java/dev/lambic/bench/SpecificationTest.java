package dev.lambic.bench;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;

final class SpecificationTest {
  private static final Path ROOT = Path.of(System.getProperty("lambic.root", ".."));
  private static final Path RECORDS = ROOT.resolve("docs/benchmarks");

  @Test
  void saysWhatIsOnRecord() throws IOException {
    String text = Files.readString(ROOT.resolve("SPECIFICATION.md"));
    assertThat(text)
        .describedAs("./lambic bench table writes it anew")
        .isEqualTo(Specification.with(text, Recorded.all(RECORDS)));
  }

  @Test
  void drawsWhatIsOnRecord() throws IOException {
    assertThat(RECORDS.resolve("chart.svg"))
        .describedAs("./lambic bench table draws it anew")
        .hasContent(Chart.draw(Recorded.all(RECORDS)));
  }

  @Test
  void readsWhatItHasWritten() throws IOException {
    Machine machine = Machine.here();
    Report report =
        new Report(
            "cold",
            "title",
            List.of(
                new Line("Python", "bare", new Figures(3, 1_000_000, 2_000_000, 3_000_000), null),
                new Line(
                    "Python",
                    "Lambic",
                    new Figures(3, 3_500_000, 20_000_000, 30_000_000),
                    new Ratio(3.5, 3, 4, 10))),
            List.of(new Value("Node.js", "Lambic", 12_345.678, "calls", 0.5)),
            List.of(new Absence("Java", "Lambic", "it is missing")),
            List.of("remark"));
    Recorded read = Recorded.read(report.json(machine).getBytes(UTF_8));
    assertThat(read.machine()).isEqualTo(machine);
    assertThat(read.report().lines()).isEqualTo(report.lines());
    assertThat(read.report().values()).isEqualTo(report.values());
    assertThat(read.report().absences()).isEqualTo(report.absences());
    String table =
        Specification.with(
            "<!-- Written by ./lambic bench, from docs/benchmarks. --><!-- Until here. -->",
            Map.of("cold", read));
    assertThat(table)
        .contains(
            "| 1 | Python, cold call | 10 / 40 ms | 4 / 15 ms | 3.5 / 20 ms | × 3.5 / 10 | gate |")
        .contains("| 12,346 ms |", "*not available*: it is missing", "*pending*");
    assertThatThrownBy(() -> Specification.with("no place", Map.of()))
        .isInstanceOf(IOException.class);
  }

  @Test
  void drawsWellFormedPictures() throws Exception {
    String svg = Chart.draw(Recorded.all(RECORDS));
    assertThat(svg).contains("prefers-color-scheme: dark", ">Lambic</text>");
    DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(svg.getBytes(UTF_8)));
  }

  @Test
  void writesNumbersShortly() {
    assertThat(Bounds.number(0.31456)).isEqualTo("0.315");
    assertThat(Bounds.number(1.999)).isEqualTo("2");
    assertThat(Bounds.number(34.139)).isEqualTo("34.1");
    assertThat(Bounds.number(12_345.6)).isEqualTo("12,346");
    assertThat(Bounds.of(0.4).text("s")).isEqualTo("0.4 s");
    assertThat(Bounds.of(4, 15).keeps(Bounds.of(3, 16), false)).isFalse();
    assertThat(Bounds.of(100).keeps(Bounds.of(101), true)).isTrue();
  }
}
