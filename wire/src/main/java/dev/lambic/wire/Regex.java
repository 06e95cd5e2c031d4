package dev.lambic.wire;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A pattern of the service model, for texts that anybody may send.
 *
 * <p>Compiled when first needed. Safe for use by many threads.
 */
final class Regex {
  /** How many characters one match may look at; a hostile text makes some patterns run for ever. */
  private static final int MAX_STEPS = 2_000_000;

  private final String source;
  private volatile @Nullable Pattern compiled;

  Regex(String source) {
    this.source = source;
  }

  /** Whether the whole text matches; a text that takes too long does not. */
  boolean matches(String text) {
    Pattern regex = compiled;
    if (regex == null) {
      regex = Pattern.compile(source);
      compiled = regex;
    }
    try {
      return regex.matcher(new Bounded(text, 0, text.length(), new Steps())).matches();
    } catch (TooCostly | StackOverflowError e) {
      return false;
    }
  }

  @Override
  public String toString() {
    return source;
  }

  /** Thrown when a match has looked at too many characters. */
  private static final class TooCostly extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TooCostly() {
      super("the pattern looks at too many characters", null, false, false);
    }
  }

  /** What is left of the steps of one match, shared by all views of its text. */
  private static final class Steps {
    private int left = MAX_STEPS;

    void take() {
      if (--left < 0) {
        throw new TooCostly();
      }
    }
  }

  /** A text that can be looked at only so often. */
  private record Bounded(String text, int from, int to, Steps steps) implements CharSequence {
    @Override
    public int length() {
      return to - from;
    }

    @Override
    public char charAt(int index) {
      steps.take();
      return text.charAt(from + index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return new Bounded(text, from + start, from + end, steps);
    }

    @Override
    public String toString() {
      return text.substring(from, to);
    }
  }
}
