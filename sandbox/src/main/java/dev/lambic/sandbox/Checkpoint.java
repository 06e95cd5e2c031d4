package dev.lambic.sandbox;

/**
 * What has to be known of a checkpointed program beside its files.
 *
 * @param pid its number inside the sandbox
 * @param pipe the inode of its output pipe
 */
public record Checkpoint(int pid, long pipe) {}
