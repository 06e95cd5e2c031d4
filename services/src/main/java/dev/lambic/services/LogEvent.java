package dev.lambic.services;

/**
 * An event as it is kept.
 *
 * @param position its time and id
 * @param stream name of its stream
 * @param ingested when it was written, in milliseconds since the epoch
 * @param message its text
 */
record LogEvent(LogPosition position, String stream, long ingested, String message) {
  /** What AWS counts for an event beside its text. */
  static final int OVERHEAD_BYTES = 26;
}
