package dev.lambic.bench;

/**
 * Percentiles of a number of durations.
 *
 * @param count how many
 * @param p50 the median, in nanoseconds
 * @param p99 99 of 100 are not longer, in nanoseconds
 * @param p999 999 of 1,000 are not longer, in nanoseconds
 */
record Figures(int count, long p50, long p99, long p999) {}
