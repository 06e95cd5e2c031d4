package dev.lambic.services;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * A filter pattern of plain terms, as "Filter pattern syntax" of the CloudWatch Logs User Guide has
 * them.
 *
 * <p>All terms must be in the text, none of those with a minus, and where all terms have a question
 * mark one of them suffices; beside other terms, those with a question mark do not count. A term in
 * double quotes may contain anything. Case matters.
 */
final class FilterPattern implements Predicate<String> {
  private final List<String> all = new ArrayList<>();
  private final List<String> none = new ArrayList<>();
  private final List<String> any = new ArrayList<>();

  private FilterPattern() {}

  /**
   * Reads a pattern; a blank one matches everything.
   *
   * @throws RuntimeException an AWS error if it is no pattern, or of a kind that is not built
   */
  static FilterPattern of(String text) {
    String pattern = text.strip();
    if (pattern.startsWith("{")) {
      throw LogErrors.unsupported("JSON filter patterns");
    }
    if (pattern.startsWith("[")) {
      throw LogErrors.unsupported("space-delimited filter patterns");
    }
    if (pattern.startsWith("%")) {
      throw LogErrors.unsupported("regular expressions in filter patterns");
    }
    FilterPattern read = new FilterPattern();
    int at = 0;
    while (at < pattern.length()) {
      if (Character.isWhitespace(pattern.charAt(at))) {
        at++;
      } else {
        at = read.term(pattern, at);
      }
    }
    return read;
  }

  /** Reads a term. Returns where it ends. */
  private int term(String pattern, int from) {
    char sign = pattern.charAt(from);
    boolean signed = sign == '-' || sign == '?';
    StringBuilder term = new StringBuilder();
    int at = signed ? from + 1 : from;
    if (at < pattern.length() && pattern.charAt(at) == '"') {
      at = quoted(pattern, at + 1, term);
    } else {
      while (at < pattern.length() && !Character.isWhitespace(pattern.charAt(at))) {
        if (pattern.charAt(at) == '"') {
          throw invalid();
        }
        term.append(pattern.charAt(at++));
      }
    }
    if (signed && term.isEmpty()) {
      throw invalid();
    }
    List<String> terms = sign == '-' ? none : sign == '?' ? any : all;
    terms.add(term.toString());
    return at;
  }

  private static int quoted(String pattern, int from, StringBuilder term) {
    for (int at = from; at < pattern.length(); at++) {
      char c = pattern.charAt(at);
      if (c == '"') {
        return at + 1;
      }
      if (c == '\\' && at + 1 < pattern.length()) {
        at++;
        term.append(pattern.charAt(at));
      } else {
        term.append(c);
      }
    }
    throw invalid();
  }

  private static RuntimeException invalid() {
    return LogErrors.invalid("Invalid filter pattern");
  }

  @Override
  public boolean test(String text) {
    return all.stream().allMatch(text::contains)
        && none.stream().noneMatch(text::contains)
        && (any.isEmpty()
            || !all.isEmpty()
            || !none.isEmpty()
            || any.stream().anyMatch(text::contains));
  }
}
