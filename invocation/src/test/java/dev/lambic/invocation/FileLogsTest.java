package dev.lambic.invocation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Writes logs into a directory of the test's and looks what is there. */
final class FileLogsTest {
  private static final FileLogs.Limits SMALL =
      new FileLogs.Limits(200_000, 20_000, 100_000, 1L << 20);

  private final Path directory;
  private final Path root;
  private final ConcurrentLinkedQueue<Throwable> faults = new ConcurrentLinkedQueue<>();

  FileLogsTest(@TempDir Path directory) {
    this.directory = directory;
    this.root = directory.resolve("logs");
  }

  @AfterEach
  void noFaults() {
    assertThat(faults).isEmpty();
  }

  private FileLogs open(FileLogs.Limits limits) throws IOException {
    return FileLogs.open(root, limits, (where, fault) -> faults.add(fault));
  }

  /** Every file below the directory, by its path from there. */
  private List<String> files() throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      return all.filter(Files::isRegularFile)
          .map(file -> directory.relativize(file).toString())
          .sorted()
          .toList();
    }
  }

  @Test
  void writesALineForEachEvent() throws IOException {
    try (FileLogs logs = FileLogs.open(root, 1 << 20, (where, fault) -> faults.add(fault))) {
      Logs.Stream stream = logs.open("/aws/lambda/shop", "2026/01/02/[$LATEST]0a");
      stream.append(1, "first");
      stream.append(2, "two\nlines 😀");
    }
    Path file = root.resolve("~aws~lambda~shop/2026~01~02~%005b$LATEST%005d0a");
    assertThat(file).content().isEqualTo("1 first\n2 two\rlines 😀\n");
  }

  @Test
  void goesOnWhereItStopped() throws IOException {
    for (int i = 0; i < 2; i++) {
      try (FileLogs logs = open(SMALL)) {
        logs.start();
        logs.open("g", "s").append(i, "run");
      }
    }
    assertThat(root.resolve("g/s")).content().isEqualTo("0 run\n1 run\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "..",
        ".",
        "",
        "/",
        "../..",
        "../../etc/passwd",
        "a/../../b",
        "\u0000",
        "a\nb",
        "\u00fc\ud83d\ude00",
        "\ud800",
        "~",
        "%",
        "c:\\d",
        "-rf",
        ".hidden",
        "aux "
      })
  void keepsOddNamesInItsDirectory(String name) throws IOException {
    try (FileLogs logs = open(SMALL)) {
      logs.start();
      logs.open(name, name).append(1, "here");
      logs.open(name, "plain").append(1, "here");
      logs.open("plain", name).append(1, "here");
    }
    assertThat(files()).hasSize(3).allMatch(file -> file.matches("logs/[^/]+/[^/]+"));
  }

  @Test
  void keepsDifferentNamesApart() throws IOException {
    List<String> names =
        List.of(
            "a/b", "a~b", "a%b", "a.b", "\u0012" + "3", "\u0123", "x".repeat(512), "x".repeat(511));
    try (FileLogs logs = open(SMALL)) {
      logs.start();
      for (String name : names) {
        logs.open(name, "s").append(1, name);
      }
    }
    assertThat(files()).hasSize(names.size());
  }

  @Test
  void fillsAFileAndNoMore() throws IOException {
    try (FileLogs logs = open(SMALL)) {
      logs.start();
      Logs.Stream stream = logs.open("g", "s");
      for (int i = 0; i < 10_000; i++) {
        stream.append(i, "event " + i);
      }
    }
    String text = Files.readString(root.resolve("g/s"));
    assertThat(text.length()).isBetween(19_000, 20_100);
    assertThat(text).startsWith("0 event 0\n1 event 1\n").containsOnlyOnce("The stream is full");
    assertThat(text.lines()).allMatch(line -> line.matches("\\d+ (event \\d+|\\[lambic\\] .*)"));
  }

  @Test
  void deletesTheOldestWhenAllAreTooLarge() throws IOException {
    for (int round = 0; round < 10; round++) {
      try (FileLogs logs = open(SMALL)) {
        logs.start();
        for (int i = 0; i < 20; i++) {
          Logs.Stream stream = logs.open("g" + round, "s" + i);
          stream.append(1, "x".repeat(2000));
        }
      }
    }
    long total = 0;
    for (String file : files()) {
      total += Math.max(4096, Files.size(directory.resolve(file)));
    }
    assertThat(total).isBetween(100_000L, 220_000L);
    assertThat(files()).anyMatch(file -> file.startsWith("logs/g9/"));
    assertThat(files()).noneMatch(file -> file.startsWith("logs/g0/"));
  }

  @Test
  void countsTheEventsThatDoNotFitIntoTheQueue() throws IOException {
    try (FileLogs logs = open(new FileLogs.Limits(200_000, 20_000, 10, 1L << 20))) {
      Logs.Stream stream = logs.open("g", "s");
      for (int i = 0; i < 25; i++) {
        stream.append(i, "event");
      }
      logs.open("g", "other").append(30, "lost as well");
      logs.start();
    }
    assertThat(Files.readString(root.resolve("g/s")).lines())
        .hasSize(11)
        .endsWith("9 [lambic] 15 events were left out");
    assertThat(root.resolve("g/other")).content().isEqualTo("30 [lambic] 1 events were left out\n");
  }

  @Test
  void boundsTheMemoryOfTheQueue() throws IOException {
    try (FileLogs logs = open(new FileLogs.Limits(10_000_000, 10_000_000, 1000, 100_000))) {
      Logs.Stream stream = logs.open("g", "s");
      for (int i = 0; i < 50; i++) {
        stream.append(i, "x".repeat(10_000));
      }
      logs.start();
    }
    List<String> lines = new ArrayList<>(Files.readAllLines(root.resolve("g/s")));
    assertThat(lines).hasSize(5).last().asString().endsWith("46 events were left out");
  }

  @Test
  void tellsOnceThatItCannotWriteAndGoesOnWithOthers() throws IOException {
    Files.createDirectories(root);
    Files.writeString(root.resolve("blocked"), "a file where a directory should be");
    try (FileLogs logs = open(SMALL)) {
      logs.open("blocked", "s").append(1, "lost");
      logs.open("fine", "s").append(1, "kept");
      logs.start();
    }
    assertThat(root.resolve("fine/s")).content().isEqualTo("1 kept\n");
    assertThat(faults).isNotEmpty();
    faults.clear();
  }
}
