package dev.lambic.services;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The end of a log stream into which a function's output goes.
 *
 * <p>The stream and its group show up with the first event, and again should they be deleted. Safe
 * for use by many threads.
 */
public final class LogSink {
  private final LogWriter writer;
  private final LogGroupKey group;
  private final String stream;
  private final AtomicLong queuedBytes = new AtomicLong();
  private final AtomicLong lost = new AtomicLong();
  private LogWriter.Place place = LogWriter.Place.UNKNOWN;

  LogSink(LogWriter writer, LogGroupKey group, String stream) {
    this.writer = writer;
    this.group = group;
    this.stream = stream;
  }

  /**
   * Adds an event; never blocks. If events come faster than they can be written, some are left out
   * and an event says how many.
   *
   * @param timestamp milliseconds since the epoch
   * @param message the text; an empty one is left out, as on AWS
   */
  public void append(long timestamp, String message) {
    if (!message.isEmpty()) {
      writer.append(this, new LogLine(Math.max(0, timestamp), message));
    }
  }

  LogGroupKey group() {
    return group;
  }

  String stream() {
    return stream;
  }

  AtomicLong queuedBytes() {
    return queuedBytes;
  }

  /** Takes note of events that are not kept. Returns whether they are the first. */
  boolean lose(long events) {
    return lost.getAndAdd(events) == 0;
  }

  /** How many events were lost since this was last asked. */
  long takeLost() {
    return lost.getAndSet(0);
  }

  /** Where the stream is kept; belongs to the writer's thread. */
  LogWriter.Place place() {
    return place;
  }

  void place(LogWriter.Place known) {
    place = known;
  }
}
