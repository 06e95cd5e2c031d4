package dev.lambic.functions;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A function as a caller may write it: a name, a partial ARN ({@code 123456789012:function:name})
 * or a full one, each with a version or alias behind it or without.
 *
 * <p>Reads what the service model's pattern for function names allows; no expression is evaluated
 * for a plain name, because every invocation comes through here.
 *
 * @param account null if the text has none
 * @param region null if the text has none
 * @param name the plain name
 * @param qualifier a version or alias; null if the text has none
 */
record FunctionName(
    @Nullable String account, @Nullable String region, String name, @Nullable String qualifier) {
  private static final Pattern REGION =
      Pattern.compile("(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d");
  private static final Pattern PARTITION = Pattern.compile("(aws[a-zA-Z-]*)?");
  private static final int ACCOUNT_DIGITS = 12;

  /**
   * Reads a name or ARN.
   *
   * @return null if it is neither
   */
  static @Nullable FunctionName parse(String text) {
    if (text.indexOf(':') < 0) {
      return isName(text) ? new FunctionName(null, null, text, null) : null;
    }
    List<String> parts = new ArrayList<>(List.of(text.split(":", -1)));
    boolean arn =
        parts.size() > 3
            && parts.get(0).equals("arn")
            && PARTITION.matcher(parts.get(1)).matches()
            && parts.get(2).equals("lambda");
    if (arn) {
      parts.subList(0, 3).clear();
    }
    String region = null;
    if (parts.size() > 1
        && REGION.matcher(parts.get(0)).matches()
        && (arn || isAccount(parts.get(1)) || parts.get(1).equals("function"))) {
      region = parts.removeFirst();
    }
    String account = null;
    if (parts.size() > 1 && isAccount(parts.get(0))) {
      account = parts.removeFirst();
    }
    if (parts.size() > 1 && parts.get(0).equals("function")) {
      parts.removeFirst();
    }
    boolean fits =
        isName(parts.get(0))
            && (parts.size() == 1 || (parts.size() == 2 && isQualifierOfName(parts.get(1))));
    return fits
        ? new FunctionName(account, region, parts.get(0), parts.size() == 2 ? parts.get(1) : null)
        : null;
  }

  /** Whether the text may be given as the Qualifier parameter. */
  static boolean isQualifier(String text) {
    return text.equals("$LATEST.PUBLISHED")
        || (!text.isEmpty() && text.chars().allMatch(c -> isWord(c) || c == '$'));
  }

  private static boolean isQualifierOfName(String text) {
    return text.equals(FunctionVersion.LATEST)
        || text.equals("$LATEST.PUBLISHED")
        || (!text.isEmpty() && text.chars().allMatch(FunctionName::isWord));
  }

  private static boolean isName(String text) {
    return !text.isEmpty() && text.chars().allMatch(c -> isWord(c) || c == '.');
  }

  private static boolean isAccount(String text) {
    return text.length() == ACCOUNT_DIGITS && text.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  private static boolean isWord(int c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '-'
        || c == '_';
  }
}
