package dev.lambic.services;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.cloudwatchlogs.model.InputLogEvent;
import software.amazon.awssdk.services.cloudwatchlogs.model.RejectedLogEventsInfo;

/**
 * The events of a PutLogEvents call that are kept, and what is said of the others.
 *
 * <p>Follows "PutLogEvents" of the CloudWatch Logs API Reference.
 *
 * @param lines in the order of the call
 * @param rejected null if all are kept
 */
record LogBatch(List<LogLine> lines, @Nullable RejectedLogEventsInfo rejected) {
  private static final long MAX_BYTES = 1 << 20;
  private static final int OLDEST_DAYS = 14;
  private static final long NEWEST_MILLIS = 2 * 3_600_000;

  /**
   * Returns if the events can be taken together.
   *
   * @throws RuntimeException an AWS error if not
   */
  static void check(List<InputLogEvent> events) {
    long bytes = bytes(events);
    if (bytes > MAX_BYTES) {
      throw LogErrors.invalid(
          "Upload too large: " + bytes + " bytes exceeds limit of " + MAX_BYTES);
    }
    for (int i = 1; i < events.size(); i++) {
      if (events.get(i).timestamp() < events.get(i - 1).timestamp()) {
        throw LogErrors.invalid(
            "Log events in a single PutLogEvents request must be in chronological order.");
      }
    }
  }

  /** What AWS counts: the texts in UTF-8, and a little for each event. */
  static long bytes(List<InputLogEvent> events) {
    long bytes = 0;
    for (InputLogEvent event : events) {
      bytes += utf8Length(event.message()) + LogEvent.OVERHEAD_BYTES;
    }
    return bytes;
  }

  private static long utf8Length(String text) {
    long length = text.length();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= 0x80) {
        // Each half of a surrogate pair counts for two of its four bytes.
        length += c >= 0x800 && !Character.isSurrogate(c) ? 2 : 1;
      }
    }
    return length;
  }

  /** Takes the events that are neither too old nor too new. */
  static LogBatch of(List<InputLogEvent> events, long now, int retentionDays) {
    long oldest = now - OLDEST_DAYS * LogSpace.DAY_MILLIS;
    long kept = retentionDays == 0 ? Long.MIN_VALUE : now - retentionDays * LogSpace.DAY_MILLIS;
    int tooOld = countBefore(events, oldest);
    int expired = countBefore(events, kept);
    int tooNew = countBefore(events, now + NEWEST_MILLIS + 1);
    int from = Math.max(tooOld, expired);
    List<LogLine> lines = new ArrayList<>();
    for (InputLogEvent event : events.subList(from, Math.max(from, tooNew))) {
      lines.add(new LogLine(event.timestamp(), event.message()));
    }
    if (!lines.isEmpty()
        && lines.getLast().timestamp() - lines.getFirst().timestamp() > LogSpace.DAY_MILLIS) {
      throw LogErrors.invalid(
          "The batch of log events in a single PutLogEvents request cannot span more than 24"
              + " hours.");
    }
    if (lines.size() == events.size()) {
      return new LogBatch(lines, null);
    }
    return new LogBatch(
        lines,
        RejectedLogEventsInfo.builder()
            .tooOldLogEventEndIndex(tooOld > 0 ? tooOld : null)
            .expiredLogEventEndIndex(expired > tooOld ? expired : null)
            .tooNewLogEventStartIndex(tooNew < events.size() ? tooNew : null)
            .build());
  }

  /** How many of the events, which are in order, are older than this. */
  private static int countBefore(List<InputLogEvent> events, long time) {
    int count = 0;
    while (count < events.size() && events.get(count).timestamp() < time) {
      count++;
    }
    return count;
  }
}
