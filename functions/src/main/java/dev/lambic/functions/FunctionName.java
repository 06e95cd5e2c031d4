package dev.lambic.functions;

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
    List<String> parts = List.of(text.split(":", -1));
    boolean arn =
        parts.size() > 3
            && parts.get(0).equals("arn")
            && PARTITION.matcher(parts.get(1)).matches()
            && parts.get(2).equals("lambda");
    FunctionName found = arn ? inOrder(parts.subList(3, parts.size())) : null;
    return found == null ? inOrder(parts) : found;
  }

  /**
   * Reads region, account and "function" where they are, and takes them for names if they fit so.
   */
  private static @Nullable FunctionName inOrder(List<String> parts) {
    String first = parts.get(0);
    // Of two parts alone, "us-east-1:x" is rather a function of that name with a qualifier.
    if (parts.size() > 1
        && REGION.matcher(first).matches()
        && (parts.size() > 2
            || parts.get(1).equals("function")
            || !isQualifierOfName(parts.get(1)))) {
      FunctionName rest = afterRegion(parts.subList(1, parts.size()));
      if (rest != null) {
        return new FunctionName(rest.account(), first, rest.name(), rest.qualifier());
      }
    }
    return afterRegion(parts);
  }

  private static @Nullable FunctionName afterRegion(List<String> parts) {
    if (parts.size() > 1 && isAccount(parts.get(0))) {
      FunctionName rest = afterAccount(parts.subList(1, parts.size()));
      if (rest != null) {
        return new FunctionName(parts.get(0), null, rest.name(), rest.qualifier());
      }
    }
    return afterAccount(parts);
  }

  private static @Nullable FunctionName afterAccount(List<String> parts) {
    if (parts.size() > 1 && parts.get(0).equals("function")) {
      FunctionName rest = nameAndQualifier(parts.subList(1, parts.size()));
      if (rest != null) {
        return rest;
      }
    }
    return nameAndQualifier(parts);
  }

  private static @Nullable FunctionName nameAndQualifier(List<String> parts) {
    if (!isName(parts.get(0))) {
      return null;
    }
    return switch (parts.size()) {
      case 1 -> new FunctionName(null, null, parts.get(0), null);
      case 2 ->
          isQualifierOfName(parts.get(1))
              ? new FunctionName(null, null, parts.get(0), parts.get(1))
              : null;
      default -> null;
    };
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
