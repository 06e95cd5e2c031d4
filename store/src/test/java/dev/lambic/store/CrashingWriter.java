package dev.lambic.store;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A child process that writes until it is killed, and says what was acknowledged to it. */
final class CrashingWriter {
  static final int THREADS = 6;

  private CrashingWriter() {}

  /** What is written for a number; some are small and some need many pages. */
  static byte[] value(String kind, int number) {
    SplittableRandom random = new SplittableRandom(number * 7L + kind.hashCode());
    byte[] value = new byte[random.nextInt(1, number % 10 == 0 ? 300_000 : 3_000)];
    random.nextBytes(value);
    return value;
  }

  /** Runs the child in the directory and kills it after that many acknowledgements. */
  static int killAfter(int acknowledgements, Path directory, String what) throws Exception {
    Process child =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--enable-native-access=ALL-UNNAMED",
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    System.getProperty("java.class.path"),
                    CrashingWriter.class.getName(),
                    directory.toString(),
                    what))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    List<String> acknowledged = new ArrayList<>();
    try (BufferedReader out = child.inputReader(StandardCharsets.UTF_8)) {
      while (acknowledged.size() < acknowledgements) {
        String line = out.readLine();
        if (line == null) {
          throw new IOException("the writer ended by itself with " + child.waitFor());
        }
        acknowledged.add(line);
      }
      // SIGKILL; the method of Process would close the pipe, which still has something to read.
      child.toHandle().destroyForcibly();
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        acknowledged.add(line);
      }
    } finally {
      child.destroyForcibly();
    }
    if (!child.waitFor(30, TimeUnit.SECONDS)) {
      throw new IOException("the writer does not die");
    }
    Files.write(
        directory.resolve("acknowledged"),
        acknowledged,
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
    return acknowledged.stream().mapToInt(Integer::parseInt).max().orElse(-1);
  }

  /** Arguments: the directory, and {@code records}, {@code blobs} or {@code backlog}. */
  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[0]);
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    AtomicInteger next = new AtomicInteger();
    Writer writer;
    if (arguments[1].equals("records")) {
      Records records = SqliteRecords.open(directory.resolve("lambic.db"));
      writer = number -> writeRecords(records, number);
    } else if (arguments[1].equals("backlog")) {
      Backlog backlog =
          SqliteBacklog.open(
              directory.resolve("events.db"), Runnable::run, (where, fault) -> {}, 1L << 30);
      writer = number -> writeItem(backlog, number);
    } else {
      Blobs blobs = Blobs.open(directory.resolve("blobs"));
      writer = number -> blobs.put(new ByteArrayInputStream(value("blob", number)));
    }
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      threads.add(Thread.ofPlatform().start(() -> writeForever(writer, next, out)));
    }
    for (Thread thread : threads) {
      thread.join();
    }
  }

  private static void writeForever(Writer writer, AtomicInteger next, PrintStream out) {
    try {
      while (!out.checkError()) {
        int number = next.getAndIncrement();
        writer.write(number);
        out.println(number);
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void writeRecords(Records records, int number) {
    records.transaction(in -> {
      in.put("left", String.valueOf(number), value("left", number));
      in.put("right", String.valueOf(number), value("right", number));
      return null;
    });
  }

  /** Each item is added and then moved; every third is removed after that. */
  private static void writeItem(Backlog backlog, int number) {
    byte[] name = String.valueOf(number).getBytes(StandardCharsets.UTF_8);
    long id = written(backlog, new Backlog.Change.Add("lane", 1, name, value("item", number)))[0];
    written(backlog, new Backlog.Change.Move(id, 2, name));
    if (number % 3 == 0) {
      written(backlog, new Backlog.Change.Remove(id));
    }
  }

  private static long[] written(Backlog backlog, Backlog.Change change) {
    CompletableFuture<long[]> done = new CompletableFuture<>();
    backlog.write(
        List.of(change),
        new Backlog.Written() {
          @Override
          public void done(long[] added) {
            done.complete(added);
          }

          @Override
          public void failed(StoreException why) {
            done.completeExceptionally(why);
          }
        });
    return done.join();
  }

  private interface Writer {
    void write(int number) throws IOException;
  }
}
