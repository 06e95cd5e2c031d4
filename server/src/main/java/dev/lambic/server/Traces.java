package dev.lambic.server;

import dev.lambic.kernel.Ticker;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Trace headers as AWS X-Ray has them: a root that lasts through a request's whole way, a parent,
 * and whether it is sampled. Safe for use by many threads.
 */
final class Traces {
  private static final HexFormat HEX = HexFormat.of();

  private final Ticker ticker;

  Traces(Ticker ticker) {
    this.ticker = ticker;
  }

  /**
   * The header that the function sees: the caller's root if it sent one, else a new one.
   *
   * @param received from the caller; null for none
   * @param active whether the function wants to be traced where the caller does not decide
   */
  String next(@Nullable String received, boolean active) {
    String root = part(received, "Root");
    String sampled = part(received, "Sampled");
    String parent = part(received, "Parent");
    return "Root="
        + (root == null ? newRoot() : root)
        + ";Parent="
        + (parent == null ? HEX.toHexDigits(ThreadLocalRandom.current().nextLong()) : parent)
        + ";Sampled="
        + (sampled == null || sampled.equals("?") ? undecided(active) : sampled);
  }

  private static String undecided(boolean active) {
    return active ? "1" : "0";
  }

  private String newRoot() {
    // Traces are not secret; what counts is that making one costs nothing.
    ThreadLocalRandom random = ThreadLocalRandom.current();
    return "1-"
        + HEX.toHexDigits((int) ticker.instant().getEpochSecond())
        + "-"
        + HEX.toHexDigits(random.nextLong())
        + HEX.toHexDigits(random.nextInt());
  }

  private static @Nullable String part(@Nullable String header, String name) {
    if (header == null) {
      return null;
    }
    for (String part : header.split(";")) {
      String trimmed = part.trim();
      if (trimmed.startsWith(name + "=") && isPlain(trimmed)) {
        return trimmed.substring(name.length() + 1);
      }
    }
    return null;
  }

  /** Only what a trace header consists of is passed on to functions. */
  private static boolean isPlain(String text) {
    return text.length() < 128
        && text.chars()
            .allMatch(c -> Character.isLetterOrDigit(c) || c == '-' || c == '=' || c == ':');
  }
}
