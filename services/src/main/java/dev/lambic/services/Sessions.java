package dev.lambic.services;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Makes access keys that end by themselves. Safe for use by many threads. */
@FunctionalInterface
public interface Sessions {
  /**
   * A new access key, which may end earlier where there are too many.
   *
   * @param by the access key of who asks for it, or null; the new one can do nothing that it cannot
   * @param principalArn who is on record as its owner
   * @throws dev.lambic.kernel.LambicException if there are too many already
   */
  Session begin(@Nullable String by, String account, String principalArn, Instant expires);

  /** An access key with all that its user needs. */
  record Session(String accessKeyId, String secret, String token) {
    /** Says which one it is, never the secrets. */
    @Override
    public String toString() {
      return "Session[" + accessKeyId + "]";
    }
  }
}
