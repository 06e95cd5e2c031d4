package dev.lambic.invocation;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** The errors that Lambda itself gives on behalf of a function, in its own words. */
final class InvocationErrors {
  private InvocationErrors() {}

  static String timedOut(int seconds) {
    return String.format(Locale.ROOT, "Task timed out after %.2f seconds", (double) seconds);
  }

  /** The JSON of an error that names the invocation. */
  static byte[] body(String type, String requestId, String message) {
    String text =
        "{\"errorType\":\""
            + type
            + "\",\"errorMessage\":\"RequestId: "
            + requestId
            + " Error: "
            + escape(message)
            + "\"}";
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String escape(String text) {
    StringBuilder escaped = new StringBuilder(text.length() + 8);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        escaped.append('\\').append(c);
      } else if (c < 0x20) {
        escaped.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        escaped.append(c);
      }
    }
    return escaped.toString();
  }

  /** What callers are told if a version could not be restored from its snapshot. */
  static LambicException notRestored(Init.Unfit why) {
    boolean late = why instanceof Init.TimedOut;
    return new LambicException(
        late ? "SnapStartTimeoutException" : "SnapStartException",
        Blame.CALLER,
        late
            ? "Lambda couldn't restore the snapshot within the timeout limit."
            : "Lambda couldn't restore the snapshot: the function failed after it with "
                + why.ending().type()
                + ".");
  }
}
