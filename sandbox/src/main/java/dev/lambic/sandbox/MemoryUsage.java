package dev.lambic.sandbox;

/**
 * What a sandbox uses of its memory limit.
 *
 * @param currentBytes now, page cache included
 * @param peakBytes most since the sandbox was made or {@link Sandbox#resetMemoryPeak} was called
 * @param oomKills processes that the kernel killed because the limit was reached
 */
public record MemoryUsage(long currentBytes, long peakBytes, long oomKills) {}
