package dev.lambic.functions;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How much code the functions and layers of each account have in each region, and how much they may
 * have. A version counts with the size of its package, as on AWS also where another one has the
 * same. Safe for use by many threads.
 */
final class CodeUsage {
  private record Place(String account, String region) {}

  private final long limit;
  private final Map<Place, Long> used = new HashMap<>();

  /**
   * Nothing is used yet.
   *
   * @param limit bytes of an account in a region
   */
  CodeUsage(long limit) {
    this.limit = limit;
  }

  /**
   * Counts a change before it is made.
   *
   * @param more bytes; less than zero if there is less than before
   * @throws software.amazon.awssdk.services.lambda.model.LambdaException if there would be more
   *     than there may be; then nothing is counted
   */
  synchronized void change(String account, String region, long more) {
    long after = bytes(account, region) + more;
    if (more > 0 && after > limit) {
      throw Errors.codeStorageExceeded();
    }
    put(account, region, after);
  }

  /** Counts what is there, whether or not it may be; or that a change was not made after all. */
  synchronized void count(String account, String region, long more) {
    put(account, region, bytes(account, region) + more);
  }

  private void put(String account, String region, long bytes) {
    if (bytes == 0) {
      used.remove(new Place(account, region));
    } else {
      used.put(new Place(account, region), bytes);
    }
  }

  /** What is used now. */
  synchronized long bytes(String account, String region) {
    return used.getOrDefault(new Place(account, region), 0L);
  }

  long limit() {
    return limit;
  }

  /** The code of a function; none is 0. */
  static long of(@Nullable FunctionImage function) {
    return function == null
        ? 0
        : function.all().stream()
            .mapToLong(version -> version.codeSize() == null ? 0 : version.codeSize())
            .sum();
  }

  /** The code of a layer; none is 0. */
  static long of(@Nullable LayerImage layer) {
    return layer == null
        ? 0
        : layer.versions().values().stream()
            .filter(version -> !version.deleted())
            .mapToLong(LayerVersion::size)
            .sum();
  }
}
