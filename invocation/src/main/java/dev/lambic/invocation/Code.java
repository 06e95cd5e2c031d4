package dev.lambic.invocation;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The unpacked code of a function version, with its layers. Safe for use by many threads. */
@FunctionalInterface
public interface Code {
  /** Keeps the code on this machine until the lease is closed. */
  Lease acquire();

  /** A claim on unpacked code. */
  interface Lease extends AutoCloseable {
    /** The directory with the code; read-only. */
    Path directory();

    /** The directory with the merged layers, read-only; null if the version has none. */
    @Nullable Path opt();

    /** Gives the claim up; idempotent. */
    @Override
    void close();
  }
}
