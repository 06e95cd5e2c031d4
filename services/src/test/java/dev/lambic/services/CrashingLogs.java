package dev.lambic.services;

import dev.lambic.kernel.Ticker;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** A child process that writes logs until it is killed, and says which events were accepted. */
final class CrashingLogs {
  static final LogGroupKey GROUP = new LogGroupKey("000000000000", "us-east-1", "crash");

  private CrashingLogs() {}

  /** Runs the child and kills it after that many answers; the texts that it had answered. */
  static Set<String> killAfter(int answers, Path file) throws Exception {
    Process child =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--enable-native-access=ALL-UNNAMED",
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    System.getProperty("java.class.path"),
                    CrashingLogs.class.getName(),
                    file.toString()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    Set<String> accepted = new HashSet<>();
    try (BufferedReader out = child.inputReader(StandardCharsets.UTF_8)) {
      for (int i = 0; i < answers; i++) {
        String line = out.readLine();
        if (line == null) {
          throw new IOException("the child ended by itself with " + child.waitFor());
        }
        accepted.add(line);
      }
      // SIGKILL; the method of Process would close the pipe, which still has something to read.
      child.toHandle().destroyForcibly();
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        accepted.add(line);
      }
    } finally {
      child.destroyForcibly();
    }
    if (!child.waitFor(30, TimeUnit.SECONDS)) {
      throw new IOException("the child does not die");
    }
    return accepted;
  }

  /** The child. */
  public static void main(String[] args) throws IOException {
    PrintStream out = System.out;
    LogStore store =
        LogStore.open(
            Path.of(args[0]),
            LogConfig.standard(),
            Ticker.system(),
            (where, fault) -> {
              throw new IllegalStateException(where, fault);
            });
    LogSink noise = store.sink(GROUP, "noise");
    for (int worker = 0; worker < 3; worker++) {
      String name = "w" + worker;
      Thread.ofPlatform()
          .start(() -> {
            for (int i = 0; i < 1_000_000; i++) {
              noise.append(i, "noise " + name + "-" + i);
              String text = name + "-" + i;
              long time = i;
              store.change(0, tables -> put(tables, name, new LogLine(time, text)));
              synchronized (out) {
                out.println(text);
                out.flush();
              }
            }
          });
    }
  }

  private static long put(LogTables tables, String name, LogLine line)
      throws java.sql.SQLException {
    long group = tables.groups().find(GROUP);
    if (group == 0) {
      group = tables.groups().create(GROUP, 1);
    }
    long stream = tables.streams().find(group, name);
    if (stream == 0) {
      stream = tables.streams().create(group, name, 1);
    }
    return tables.append(group, stream, List.of(line), 1);
  }
}
