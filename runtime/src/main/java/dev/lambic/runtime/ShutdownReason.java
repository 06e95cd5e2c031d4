package dev.lambic.runtime;

import java.util.Locale;

/** Why an environment's processes are ended, as extensions are told. */
public enum ShutdownReason {
  /** The environment is not needed any more. */
  SPINDOWN,
  /** An invocation took too long. */
  TIMEOUT,
  /** The runtime or an extension failed. */
  FAILURE;

  /** The word of the Extensions API. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
