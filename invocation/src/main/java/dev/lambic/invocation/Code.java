package dev.lambic.invocation;

import dev.lambic.runtime.RuntimeTarget;
import java.nio.file.Path;
import java.util.Optional;
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

    /** How a container image is started; empty where the version has a runtime. */
    default Optional<RuntimeTarget> container() {
      return Optional.empty();
    }

    /** Gives the claim up; idempotent. */
    @Override
    void close();
  }
}
