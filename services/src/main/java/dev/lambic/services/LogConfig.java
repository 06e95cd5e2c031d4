package dev.lambic.services;

import java.time.Duration;

/**
 * The bounds of a {@link LogStore}.
 *
 * @param totalBytes space that all logs together may take on disk; the oldest events make room
 * @param streams log streams that may exist; the oldest make room
 * @param groups log groups that clients may create
 * @param queuedBytes memory that events may take until they are written
 * @param queuedStreamBytes how much of that one stream may take
 * @param gather how long events are collected before they are written together
 */
public record LogConfig(
    long totalBytes,
    int streams,
    int groups,
    long queuedBytes,
    long queuedStreamBytes,
    Duration gather) {
  /** Checks the values and their relations. */
  public LogConfig {
    if (totalBytes < 1 << 20 || streams < 1 || groups < 1 || gather.isNegative()) {
      throw new IllegalArgumentException("limits must be positive, and a megabyte at least");
    }
    if (queuedStreamBytes < 1 || queuedBytes < queuedStreamBytes) {
      throw new IllegalArgumentException("one stream cannot have more than all");
    }
  }

  /** One gibibyte of logs. */
  public static LogConfig standard() {
    return new LogConfig(1L << 30, 200_000, 10_000, 32 << 20, 8 << 20, Duration.ofMillis(50));
  }
}
