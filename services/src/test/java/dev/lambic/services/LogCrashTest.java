package dev.lambic.services;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.kernel.Ticker;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that is killed while it writes logs has, afterwards, all that it had accepted. */
final class LogCrashTest {
  @TempDir private Path directory;

  @Test
  void whatWasAcceptedIsThere() throws Exception {
    Path file = directory.resolve("logs.db");
    SplittableRandom random = new SplittableRandom(11);
    Set<String> accepted = new HashSet<>();
    for (int round = 0; round < 4; round++) {
      accepted.addAll(CrashingLogs.killAfter(random.nextInt(1, 400), file));
      Set<String> found = new HashSet<>();
      try (LogStore store =
          LogStore.open(
              file,
              LogConfig.standard(),
              Ticker.system(),
              (where, fault) -> {
                throw new AssertionError(where, fault);
              })) {
        LogPosition from = LogPosition.FIRST;
        for (boolean more = true; more; ) {
          LogPosition first = from;
          LogPage page =
              store.read(tables ->
                  tables
                      .blocks()
                      .page(
                          new LogQuery(
                              tables.groups().require(CrashingLogs.GROUP).id(),
                              Set.of(),
                              "w",
                              first,
                              LogPosition.LAST,
                              true,
                              1000,
                              text -> true)));
          page.events().forEach(event -> found.add(event.message()));
          more = page.more();
          from = page.rest();
        }
      }
      assertThat(found).containsAll(accepted);
    }
  }
}
