package dev.lambic.images;

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
}
