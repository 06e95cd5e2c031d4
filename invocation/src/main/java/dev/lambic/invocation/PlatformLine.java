package dev.lambic.invocation;

import dev.lambic.runtime.PlatformEvent;
import org.jspecify.annotations.Nullable;

/**
 * What Lambda itself has to say, in each form that a log can have.
 *
 * @param text a log's lines in plain text, without the last line end; null if nothing is said there
 * @param event the same for a log in JSON; null if nothing is said there
 * @param level how important it is, in a log in JSON
 */
record PlatformLine(@Nullable String text, @Nullable PlatformEvent event, Level level) {
  /** Follows "Event log level mapping" of the Lambda Developer Guide. */
  enum Level {
    DEBUG,
    INFO,
    WARN
  }

  /** Something that is only said in plain text. */
  static PlatformLine text(String text) {
    return new PlatformLine(text, null, Level.INFO);
  }
}
