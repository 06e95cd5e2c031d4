package dev.lambic.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
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
        "-Dlambic.java=" + javaClient(root),
        "-cp",
        app.resolve("*").toString(),
        "dev.lambic.server.Main");
  }

  /** AWS's client for Java functions, where {@code ./lambic} keeps it. */
  private static Path javaClient(Path root) {
    String named = System.getProperty("lambic.java");
    if (named != null) {
      return Path.of(named);
    }
    try {
      byte[] sum =
          MessageDigest.getInstance("SHA-256")
              .digest(Files.readAllBytes(root.resolve("runtimes/java/pom.xml")));
      return cache().resolve("java/client-" + HexFormat.of().formatHex(sum, 0, 6));
    } catch (IOException | NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Path cache() {
    Map<String, String> environment = System.getenv();
    String caches =
        environment.getOrDefault(
            "XDG_CACHE_HOME", environment.getOrDefault("HOME", "/root") + "/.cache");
    return Path.of(System.getProperty("lambic.cache", caches + "/lambic"));
  }

  /** Names AWS's client for a language, where that is not done by {@code ./lambic test}. */
  private static void nameClient(String language) throws IOException {
    String property = "lambic.client." + language;
    if (System.getProperty(property) == null) {
      try (Stream<Path> all = Files.list(cache().resolve("clients"))) {
        Path newest =
            all.filter(path -> String.valueOf(path.getFileName()).startsWith(language + "-"))
                .filter(path -> Files.exists(path.resolve(".complete")))
                .max(
                    Comparator.comparingLong(
                        path -> path.resolve(".complete").toFile().lastModified()))
                .orElseThrow();
        System.setProperty(property, newest.toString());
      }
    }
  }

  /** Measures, and sees that the specification finds there what it promises. */
  private static Report measure(Row row) throws IOException, InterruptedException {
    return measure(row, server());
  }

  private static Report measure(Row row, List<String> server)
      throws IOException, InterruptedException {
    Report report = row.measure(Effort.quick(), server);
    Recorded recorded = new Recorded(report, Machine.here());
    for (Promise promise : Promise.all()) {
      // Here they are fewer than there.
      boolean counted = (promise.what() + promise.subject()).matches(".*\\d[,0]000.*");
      if (promise.row().equals(row.title()) && !counted) {
        assertThat(
                recorded.line(promise.what(), promise.subject()).isPresent()
                    || recorded.value(promise.what(), promise.subject()).isPresent()
                    || recorded.absence(promise.what(), promise.subject()).isPresent())
            .describedAs("%s", promise)
            .isTrue();
      }
    }
    return report;
  }

  @Test
  void measuresWarmCallsByAwssClients() throws IOException, InterruptedException {
    nameClient("python");
    nameClient("node");
    Report report = measure(Row.CLIENTS);
    assertThat(report.lines())
        .extracting(line -> line.figures().count())
        .containsExactly(40, 40, 20, 20, 40, 40, 20, 20);
  }

  @Test
  void measuresWarmCalls() throws IOException, InterruptedException {
    Report report = measure(Row.WARM);
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
            "Lambic",
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
        .containsExactly(40, 40, 20, 20, 40, 40, 20, 20, 40, 40, 20, 20, 40, 40, 20, 20);
  }

  @Test
  void measuresColdCalls() throws IOException, InterruptedException {
    Report report = measure(Row.COLD);
    // Of four languages, by themselves and back to back.
    assertThat(report.lines())
        .extracting(Line::subject)
        .hasSize(16)
        .containsSubsequence("bare process", "Lambic", "bare process", "Lambic")
        .containsOnly("bare process", "Lambic");
    assertThat(report.lines()).allSatisfy(line -> assertThat(line.figures().count()).isEqualTo(4));
  }

  @Test
  void measuresCallsOfMuchCodeOrSaysWhyNot() throws IOException, InterruptedException {
    List<String> server = new ArrayList<>(server());
    server.add(1, "-Dlambic.cache=" + cache());
    Report report = measure(Row.BYTECODE, server);
    assertThat(report.lines())
        .extracting(Line::subject)
        .hasSize(4 - 2 * report.absences().size())
        .startsWith("without", "Lambic");
  }

  @Test
  void measuresMemoryOfIdleEnvironments() throws IOException, InterruptedException {
    Report report = measure(Row.MEMORY);
    assertThat(report.values())
        .extracting(Value::subject)
        .containsExactly(
            "bare process",
            "Lambic",
            "bare process",
            "Lambic",
            "bare process",
            "Lambic",
            "bare process",
            "Lambic");
    assertThat(report.values()).allSatisfy(value -> assertThat(value.value()).isPositive());
  }

  @Test
  void measuresFrozenEnvironments() throws IOException, InterruptedException {
    Report report = measure(Row.FREEZE);
    assertThat(report.lines())
        .extracting(Line::subject)
        .startsWith("bare loop", "Lambic, frozen", "bare loop", "Lambic, not frozen")
        .hasSize(8);
  }

  @Test
  void measuresAServerWithManyFunctions() throws IOException, InterruptedException {
    Report report = measure(Row.FUNCTIONS);
    assertThat(report.lines())
        .extracting(Line::subject)
        .containsExactly(
            "no function",
            "150 functions",
            "50 functions",
            "150 functions, first page",
            "150 functions, last page");
  }

  @Test
  void measuresStreamedCalls() throws IOException, InterruptedException {
    Report report = measure(Row.STREAM);
    assertThat(report.lines()).extracting(Line::subject).containsExactly("bare loop", "Lambic");
    assertThat(report.lines()).allSatisfy(line -> assertThat(line.figures().count()).isEqualTo(10));
  }

  @Test
  void measuresEventsThatRunLater() throws IOException, InterruptedException {
    Report report = measure(Row.ASYNC);
    assertThat(report.lines())
        .extracting(Line::subject)
        .containsExactly("synced write", "Lambic", "bare loop", "Lambic");
    assertThat(report.lines()).allSatisfy(line -> assertThat(line.figures().count()).isPositive());
    assertThat(report.values())
        .singleElement()
        .satisfies(value -> assertThat(value.value()).isPositive());
  }

  @Test
  void measuresStartAndIdleServer() throws IOException, InterruptedException {
    Report report = measure(Row.START);
    assertThat(report.lines())
        .extracting(Line::subject)
        .containsExactly("JVM that says hello", "Lambic");
    assertThat(report.values()).extracting(Value::unit).containsExactly("MiB", "% of a core");
  }

  @Test
  void measuresThroughput() throws IOException, InterruptedException {
    Report report = measure(Row.THROUGHPUT);
    assertThat(report.lines()).extracting(line -> line.figures().count()).containsOnly(40 / 2);
    assertThat(report.values())
        .extracting(Value::subject)
        .startsWith("bare HTTP", "Lambic", "bare loops", "Lambic", "bare loops", "Lambic")
        .hasSize(12);
    assertThat(report.values()).allSatisfy(value -> assertThat(value.value()).isPositive());
  }

  @Test
  void measuresTheRateOfColdStarts() throws IOException, InterruptedException {
    Report report = measure(Row.RATE);
    assertThat(report.values())
        .filteredOn(value -> value.subject().equals("environments in the end"))
        .extracting(Value::value)
        .containsExactly(4.0);
    assertThat(report.values()).extracting(Value::unit).contains("starts/s per core", "ms", "s");
  }

  @Test
  void tellsWhereTheTimeGoes() throws IOException, InterruptedException {
    Profile profile = new Profile(Effort.quick(), server());
    assertThat(profile.warm())
        .contains("Java, warm call", "Ruby, warm call", "until the handler begins");
    assertThat(profile.cold())
        .contains("Java, cold call", "Ruby, cold call", "until the handler begins");
  }

  /** Nothing of theirs is installed here: each is named with the reason all the same. */
  @Test
  void saysWhyPeersCannotBeMeasured() throws IOException, InterruptedException {
    Report report = measure(Row.PEERS);
    assertThat(report.lines())
        .extracting(Line::subject)
        .containsOnly("bare loop", "bare process", "Lambic");
    assertThat(report.absences())
        .hasSize(Peer.values().length * Peer.languages().size())
        .allSatisfy(absence -> assertThat(absence.reason()).contains("not installed"));
    assertThat(report.table()).contains("AWS's RIE", "not available");
  }

  /** What the server does not do is said with its own words. */
  @Test
  void measuresRestoresOrSaysWhyNot() throws IOException, InterruptedException {
    Report report = measure(Row.RESTORE);
    assertThat(report.lines().size() / 2 + report.absences().size()).isEqualTo(2);
    assertThat(report.absences()).allSatisfy(absence -> assertThat(absence.reason()).isNotBlank());
  }
}
