package dev.lambic.invocation;

import dev.lambic.kernel.FaultHandler;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Log streams as files: a directory per group, a file per stream, a line per event that begins with
 * its time in milliseconds.
 *
 * <p>One thread writes, fed by a bounded queue, so that logging never slows an invocation. The
 * space is bounded too, for functions may log without end: a file that is full takes no more, and
 * when all files together are too large the oldest are deleted.
 */
public final class FileLogs implements Logs {
  private static final int QUEUE_EVENTS = 100_000;
  private static final long FILE_BYTES = 32L << 20;

  private final Path root;
  private final long totalBytes;
  private final FaultHandler faults;
  private final BlockingQueue<Event> queue = new ArrayBlockingQueue<>(QUEUE_EVENTS);
  private final Thread writer;
  private long sinceSweep;
  private volatile boolean closing;

  private record Event(FileStream stream, long timestamp, String text) {}

  private FileLogs(Path root, long totalBytes, FaultHandler faults) {
    this.root = root;
    this.totalBytes = totalBytes;
    this.faults = faults;
    this.writer = Thread.ofPlatform().name("logs").daemon().unstarted(this::write);
  }

  /**
   * Opens the directory, which is made if it is missing.
   *
   * @param totalBytes space that all streams together may take
   * @throws IOException if the directory cannot be made
   */
  public static FileLogs open(Path root, long totalBytes, FaultHandler faults) throws IOException {
    Files.createDirectories(root);
    FileLogs logs = new FileLogs(root, totalBytes, faults);
    logs.writer.start();
    return logs;
  }

  @Override
  public Logs.Stream open(String group, String stream) {
    return new FileStream(root.resolve(fileName(group)).resolve(fileName(stream)));
  }

  /** A name that is a single path element, readable where it can be and never a parent. */
  private static String fileName(String name) {
    StringBuilder safe = new StringBuilder();
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean plain = c == '-' || c == '_' || c == '$' || (c < 128 && Character.isLetterOrDigit(c));
      if (plain || (c == '.' && i > 0)) {
        safe.append(c);
      } else if (c == '/') {
        safe.append('~');
      } else {
        safe.append('%').append(Integer.toHexString(c));
      }
    }
    return safe.toString();
  }

  private void write() {
    List<Event> batch = new ArrayList<>();
    while (true) {
      try {
        Event first = queue.poll(200, TimeUnit.MILLISECONDS);
        if (first == null) {
          if (closing) {
            return;
          }
          continue;
        }
        batch.add(first);
        queue.drainTo(batch, 1000);
        writeBatch(batch);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (IOException | UncheckedIOException e) {
        faults.fault("writing logs", e);
      } finally {
        batch.clear();
      }
    }
  }

  private void writeBatch(List<Event> batch) throws IOException {
    batch.sort(Comparator.comparing(event -> event.stream.file));
    int from = 0;
    while (from < batch.size()) {
      FileStream stream = batch.get(from).stream;
      StringBuilder lines = new StringBuilder();
      long lost = stream.lost.getAndSet(0);
      int to = from;
      for (; to < batch.size() && batch.get(to).stream == stream; to++) {
        Event event = batch.get(to);
        String text = event.text.replace('\n', '\r');
        lines.append(event.timestamp).append(' ').append(text).append('\n');
      }
      if (lost > 0) {
        long at = batch.get(from).timestamp;
        lines.append(at).append(" [lambic] ").append(lost).append(" events were left out\n");
      }
      sinceSweep += stream.write(lines.toString().getBytes(StandardCharsets.UTF_8));
      from = to;
    }
    if (sinceSweep > totalBytes / 20) {
      sinceSweep = 0;
      sweep();
    }
  }

  /** Deletes the oldest streams until the rest fit. */
  private void sweep() throws IOException {
    record Kept(Path file, long bytes, long changed) {}
    List<Kept> files = new ArrayList<>();
    long total = 0;
    try (java.util.stream.Stream<Path> all = Files.walk(root)) {
      for (Path file : (Iterable<Path>) all.filter(Files::isRegularFile)::iterator) {
        long bytes = Files.size(file);
        files.add(new Kept(file, bytes, Files.getLastModifiedTime(file).toMillis()));
        total += bytes;
      }
    }
    files.sort(Comparator.comparingLong(Kept::changed));
    for (Kept oldest : files) {
      if (total <= totalBytes) {
        return;
      }
      Files.deleteIfExists(oldest.file);
      total -= oldest.bytes;
    }
  }

  @Override
  public void close() {
    closing = true;
    try {
      writer.join(5000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private final class FileStream implements Logs.Stream {
    private final Path file;
    private final AtomicLong lost = new AtomicLong();

    FileStream(Path file) {
      this.file = file;
    }

    @Override
    public void append(long timestamp, String text) {
      if (!queue.offer(new Event(this, timestamp, text))) {
        lost.incrementAndGet();
      }
    }

    long write(byte[] lines) throws IOException {
      if (Files.exists(file) && Files.size(file) > FILE_BYTES) {
        return 0;
      }
      Files.createDirectories(file.getParent());
      try (OutputStream out =
          Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
        out.write(lines);
      }
      return lines.length;
    }
  }
}
