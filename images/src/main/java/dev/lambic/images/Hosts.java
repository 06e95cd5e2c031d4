package dev.lambic.images;

import java.util.Locale;
import java.util.regex.Pattern;

/** Which hosts are this machine. */
final class Hosts {
  private static final Pattern LOOPBACK =
      Pattern.compile("(localhost|127(\\.[0-9]{1,3}){3}|\\[::1])(:[0-9]{1,5})?");

  private Hosts() {}

  /** Whether the host, with or without a port, is named as this machine. */
  static boolean isLoopback(String host) {
    return LOOPBACK.matcher(host).matches();
  }

  /**
   * Whether a registry's password may be given to the place that the registry names for it: to the
   * same host, or to one of the same domain as Docker's and GitLab's have theirs.
   *
   * @param registry host and port
   * @param place host and port
   */
  static boolean mayHavePassword(String registry, String place) {
    if (registry.equals(place)) {
      return true;
    }
    String from = host(registry);
    String to = host(place);
    if (isLoopback(registry) || isLoopback(place)) {
      return false; // another port of this machine may be anybody's
    }
    String domain = from.substring(from.indexOf('.') + 1);
    boolean named = domain.matches(".*\\.[a-z][a-z0-9-]*");
    return to.equals(from) || (named && (to.equals(domain) || to.endsWith("." + domain)));
  }

  private static String host(String authority) {
    return authority.toLowerCase(Locale.ROOT).replaceFirst(":[0-9]*$", "");
  }
}
