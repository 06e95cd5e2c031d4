package dev.lambic.kernel;

/**
 * Who has to act for an error to go away.
 *
 * <p>The distinction follows Lambda's own: client errors (4xx), function errors (200 with an error
 * header), throttles (429) and service errors (5xx).
 */
public enum Blame {
  /** The caller sent something that can never succeed. */
  CALLER,
  /** The function's own code or configuration failed. */
  FUNCTION,
  /** A limit is reached; the same request may succeed later. */
  CAPACITY,
  /** Lambic or its host failed. */
  PLATFORM
}
