package dev.lambic.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.io.TempDir;

/**
 * A store that is killed in the middle of its writes keeps what it acknowledged, and nothing by
 * halves. The writers are {@link CrashingWriter}'s; each round kills after another number of
 * acknowledgements.
 */
class CrashTest {
  private static final int ROUNDS = 12;

  @TempDir private Path directory;

  @RepeatedTest(ROUNDS)
  void recordsSurvive(RepetitionInfo round) throws Exception {
    int last = -1;
    for (int generation = 0; generation < 2; generation++) {
      int acknowledged = killAfter(round, generation, "records");
      last = Math.max(last, acknowledged);
      try (Records records = SqliteRecords.open(directory.resolve("lambic.db"))) {
        for (int i = 0; i <= last + CrashingWriter.THREADS; i++) {
          byte[] left = value(records, "left", i);
          byte[] right = value(records, "right", i);
          if (left != null || right != null) {
            assertThat(left).as("record %d", i).isEqualTo(CrashingWriter.value("left", i));
            assertThat(right).as("record %d", i).isEqualTo(CrashingWriter.value("right", i));
          }
        }
        for (String id : Files.readAllLines(directory.resolve("acknowledged"))) {
          assertThat(value(records, "left", Integer.parseInt(id))).as("record %s", id).isNotNull();
        }
      }
    }
  }

  @RepeatedTest(ROUNDS)
  void blobsSurvive(RepetitionInfo round) throws Exception {
    killAfter(round, 0, "blobs");
    Blobs blobs = Blobs.open(directory.resolve("blobs"));
    for (String id : blobs.ids()) {
      try (var in = blobs.open(id)) {
        assertThat(putInto(Blobs.open(directory.resolve("other")), in.readAllBytes()))
            .isEqualTo(id);
      }
    }
    for (String id : Files.readAllLines(directory.resolve("acknowledged"))) {
      byte[] content = CrashingWriter.value("blob", Integer.parseInt(id));
      String sha256 = putInto(Blobs.open(directory.resolve("other")), content);
      assertThat(blobs.contains(sha256)).as("blob %s", id).isTrue();
    }
    try (var files = Files.list(directory.resolve("blobs"))) {
      assertThat(files.map(file -> file.getFileName().toString())).allMatch(BlobId::isSha256);
    }
  }

  @RepeatedTest(ROUNDS / 2)
  void itemsSurvive(RepetitionInfo round) throws Exception {
    killAfter(round, 0, "backlog");
    Set<Integer> acknowledged = new HashSet<>();
    for (String line : Files.readAllLines(directory.resolve("acknowledged"))) {
      acknowledged.add(Integer.valueOf(line));
    }
    Set<Integer> there = new HashSet<>();
    try (Backlog backlog =
        SqliteBacklog.open(
            directory.resolve("events.db"),
            Runnable::run,
            (where, fault) -> {
              throw new AssertionError(where, fault);
            },
            1L << 30)) {
      for (Backlog.Item item :
          SqliteBacklogTest.read(backlog, "lane", 2, Set.of(), 100_000).items()) {
        int number = Integer.parseInt(new String(item.head(), StandardCharsets.UTF_8));
        assertThat(item.body()).isEqualTo(CrashingWriter.value("item", number));
        assertThat(there.add(number)).as("item %d is there once", number).isTrue();
        if (acknowledged.contains(number)) {
          assertThat(item.due()).as("item %d", number).isEqualTo(2);
        }
      }
    }
    for (int number : acknowledged) {
      assertThat(there.contains(number)).as("item %d", number).isEqualTo(number % 3 != 0);
    }
  }

  /** Starts the writer, kills it after some acknowledgements, and returns the highest of them. */
  private int killAfter(RepetitionInfo round, int generation, String what) throws Exception {
    int acknowledgements =
        new SplittableRandom(round.getCurrentRepetition() * 31L + generation).nextInt(1, 120);
    return CrashingWriter.killAfter(acknowledgements, directory, what);
  }

  private static byte @Nullable [] value(Records records, String kind, int i) {
    return records.transaction(in -> in.get(kind, String.valueOf(i)));
  }

  private static String putInto(Blobs blobs, byte[] content) throws IOException {
    return blobs.put(new ByteArrayInputStream(content)).sha256();
  }
}
