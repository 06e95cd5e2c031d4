package dev.lambic.invocation;

import java.nio.file.Path;

/** The unpacked code of a function version. Safe for use by many threads. */
@FunctionalInterface
public interface Code {
  /** Keeps the code on this machine until the lease is closed. */
  Lease acquire();

  /** A claim on unpacked code. */
  interface Lease extends AutoCloseable {
    /** The directory with the code; read-only. */
    Path directory();

    /** Gives the claim up; idempotent. */
    @Override
    void close();
  }
}
