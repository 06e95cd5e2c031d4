package dev.lambic.wire;

import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** How the request that the current thread serves reached this server. */
public final class Arrival {
  private static final Pattern HOST =
      Pattern.compile("([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+])(:[0-9]{1,5})?");
  private static final ScopedValue<Optional<String>> CURRENT = ScopedValue.newInstance();

  private Arrival() {}

  /**
   * The host, with its port if it named one, that the client sent its request to, for links in the
   * answer; empty if it named none that a link can be made of, and outside of a service's method.
   */
  public static Optional<String> host() {
    return CURRENT.orElse(Optional.empty());
  }

  static <T extends @Nullable Object> T at(@Nullable String host, Callable<T> work)
      throws Exception {
    Optional<String> named = Optional.ofNullable(host).filter(h -> HOST.matcher(h).matches());
    return ScopedValue.where(CURRENT, named).call(work::call);
  }
}
