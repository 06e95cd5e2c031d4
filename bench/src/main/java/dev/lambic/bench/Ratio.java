package dev.lambic.bench;

/**
 * How many times as long as the floor something takes.
 *
 * @param p50 of the medians of all rounds together
 * @param low the smallest ratio of medians in one round
 * @param high the greatest ratio of medians in one round
 * @param p99 of the 99th percentiles of all rounds together
 */
record Ratio(double p50, double low, double high, double p99) {}
