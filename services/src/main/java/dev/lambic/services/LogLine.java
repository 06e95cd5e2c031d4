package dev.lambic.services;

/**
 * An event that is to be written.
 *
 * @param timestamp milliseconds since the epoch, not negative
 * @param message its text
 */
record LogLine(long timestamp, String message) {}
