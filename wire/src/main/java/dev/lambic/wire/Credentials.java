package dev.lambic.wire;

import org.jspecify.annotations.Nullable;

/**
 * The access keys on record.
 *
 * <p>Asked on the hot path by threads of the server: implementations answer from memory, at once.
 */
@FunctionalInterface
public interface Credentials {
  /** The key of this id, or null if it is not on record. */
  @Nullable AccessKey find(String accessKeyId);
}
