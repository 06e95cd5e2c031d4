package dev.lambic.invocation;

import dev.lambic.kernel.FaultHandler;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Log streams as files: a directory per group, a file per stream, a line per event that begins with
 * its time in milliseconds.
 *
 * <p>One thread writes, fed by a queue that is bounded in events and in bytes, so that logging
 * never slows an invocation. The space is bounded too, for functions may log without end: a file
 * that is full takes no more, and when all files together are too large the oldest are deleted.
 */
public final class FileLogs implements Logs {
  /**
   * The bounds.
   *
   * @param totalBytes space of all files together
   * @param fileBytes size from which on a file is full
   * @param queuedEvents events that may wait to be written
   * @param queuedBytes memory that their texts may take
   */
  record Limits(long totalBytes, long fileBytes, int queuedEvents, long queuedBytes) {}

  private static final HexFormat HEX = HexFormat.of();

  /** A longer name is cut, and told apart by a number; file systems take 255 bytes. */
  private static final int MAX_NAME = 200;

  private final Path root;
  private final Limits limits;
  private final FaultHandler faults;
  private final BlockingQueue<Event> queue;
  private final AtomicLong queuedBytes = new AtomicLong();
  private final Set<FileStream> lossy = ConcurrentHashMap.newKeySet();
  private final Thread writer;
  private long sinceSweep;
  private boolean failing;
  private volatile boolean closing;

  private record Event(FileStream stream, long timestamp, String text) {
    /** What it takes in memory, roughly and at most. */
    long bytes() {
      return 100 + 2L * text.length();
    }
  }

  private FileLogs(Path root, Limits limits, FaultHandler faults) {
    this.root = root;
    this.limits = limits;
    this.faults = faults;
    this.queue = new ArrayBlockingQueue<>(limits.queuedEvents());
    this.writer = Thread.ofPlatform().name("logs").daemon().unstarted(this::write);
  }

  /**
   * Opens the directory, which is made if it is missing.
   *
   * @param totalBytes space that all streams together may take
   * @throws IOException if the directory cannot be made
   */
  public static FileLogs open(Path root, long totalBytes, FaultHandler faults) throws IOException {
    long fileBytes = Math.min(32L << 20, totalBytes / 4);
    FileLogs logs = open(root, new Limits(totalBytes, fileBytes, 100_000, 64L << 20), faults);
    logs.start();
    return logs;
  }

  /** As {@link #open(Path, long, FaultHandler)}, but writes nothing before it is started. */
  static FileLogs open(Path root, Limits limits, FaultHandler faults) throws IOException {
    Files.createDirectories(root);
    return new FileLogs(root, limits, faults);
  }

  void start() {
    writer.start();
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
        safe.append('%').append(HEX.toHexDigits(c));
      }
    }
    if (safe.length() > MAX_NAME || safe.isEmpty()) {
      safe.setLength(Math.min(safe.length(), MAX_NAME));
      safe.append("%%").append(HEX.toHexDigits(name.hashCode()));
    }
    return safe.toString();
  }

  private void write() {
    List<Event> batch = new ArrayList<>();
    while (true) {
      try {
        Event first = queue.poll(200, TimeUnit.MILLISECONDS);
        if (first == null) {
          noteLost();
          if (closing) {
            return;
          }
          continue;
        }
        batch.add(first);
        queue.drainTo(batch, 1000);
        writeBatch(batch);
        sweepIfDue();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (RuntimeException e) {
        faults.fault("writing logs", e);
      } finally {
        batch.forEach(event -> queuedBytes.addAndGet(-event.bytes()));
        batch.clear();
      }
    }
  }

  private void writeBatch(List<Event> batch) {
    // Stable, so the events of a stream keep their order.
    batch.sort(Comparator.comparing(event -> event.stream.file));
    int from = 0;
    while (from < batch.size()) {
      FileStream stream = batch.get(from).stream;
      StringBuilder lines = new StringBuilder();
      int to = from;
      for (; to < batch.size() && batch.get(to).stream == stream; to++) {
        Event event = batch.get(to);
        String text = event.text.replace('\n', '\r');
        lines.append(event.timestamp).append(' ').append(text).append('\n');
      }
      write(stream, lines, to - from, batch.get(to - 1).timestamp);
      from = to;
    }
  }

  private void write(FileStream stream, StringBuilder lines, int events, long timestamp) {
    long lost = stream.takeLost();
    if (lost > 0) {
      lines.append(timestamp).append(" [lambic] ").append(lost).append(" events were left out\n");
    }
    try {
      sinceSweep += stream.write(lines.toString(), limits.fileBytes());
      failing = false;
    } catch (IOException e) {
      stream.lose(lost + events, timestamp);
      if (!failing) {
        // Once, until it works again: a full disk would fill the log of faults as well.
        failing = true;
        faults.fault("writing logs", e);
      }
    }
  }

  /** Writes down what streams have lost that have had no event since. */
  private void noteLost() {
    for (FileStream stream : List.copyOf(lossy)) {
      write(stream, new StringBuilder(), 0, stream.lostAt);
    }
  }

  private void sweepIfDue() {
    if (sinceSweep <= limits.totalBytes() / 20) {
      return;
    }
    sinceSweep = 0;
    try {
      sweep();
    } catch (IOException | UncheckedIOException e) {
      faults.fault("deleting old logs", e);
    }
  }

  /** Deletes the oldest streams until the rest fit. */
  private void sweep() throws IOException {
    record Kept(Path file, long bytes, long changed) {}
    List<Kept> files = new ArrayList<>();
    long total = 0;
    try (java.util.stream.Stream<Path> all = Files.walk(root)) {
      for (Path file : (Iterable<Path>) all.filter(Files::isRegularFile)::iterator) {
        long bytes = FileStream.space(Files.size(file));
        files.add(new Kept(file, bytes, Files.getLastModifiedTime(file).toMillis()));
        total += bytes;
      }
    }
    files.sort(Comparator.comparingLong(Kept::changed));
    for (Kept oldest : files) {
      if (total <= limits.totalBytes()) {
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

  private boolean enqueue(Event event) {
    long bytes = event.bytes();
    if (queuedBytes.addAndGet(bytes) <= limits.queuedBytes() && queue.offer(event)) {
      return true;
    }
    queuedBytes.addAndGet(-bytes);
    return false;
  }

  private final class FileStream implements Logs.Stream {
    /** The least that a file takes on a disk. */
    private static final long BLOCK = 4096;

    /** The last line of a file that takes no more. */
    private static final String FULL = "0 [lambic] The stream is full: later events are left out\n";

    private final Path file;
    private final AtomicLong lost = new AtomicLong();
    private volatile long lostAt;
    private boolean full;

    FileStream(Path file) {
      this.file = file;
    }

    static long space(long bytes) {
      return (bytes + BLOCK - 1) / BLOCK * BLOCK;
    }

    @Override
    public void append(long timestamp, String text) {
      if (!enqueue(new Event(this, timestamp, text))) {
        lose(1, timestamp);
      }
    }

    void lose(long events, long timestamp) {
      lostAt = timestamp;
      lost.addAndGet(events);
      lossy.add(this);
    }

    long takeLost() {
      lossy.remove(this);
      return lost.getAndSet(0);
    }

    /** Appends what the file has room for; returns the space that this takes. */
    long write(String lines, long fileBytes) throws IOException {
      long before = Files.exists(file) ? Files.size(file) : 0;
      if (lines.isEmpty() || (full && before >= fileBytes)) {
        return 0;
      }
      byte[] bytes = lines.getBytes(StandardCharsets.UTF_8);
      full = before + bytes.length >= fileBytes;
      if (full) {
        int room = (int) Math.max(0, fileBytes - before);
        while (room > 0 && bytes[room - 1] != '\n') {
          room--;
        }
        String kept = new String(bytes, 0, room, StandardCharsets.UTF_8);
        bytes = (kept + FULL).getBytes(StandardCharsets.UTF_8);
      }
      Files.createDirectories(file.getParent());
      Files.write(file, bytes, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      return space(before + bytes.length) - space(before);
    }
  }
}
