package dev.lambic.invocation;

import dev.lambic.runtime.PlatformEvent.Status;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How an invocation or an initialisation ended, as Lambda's figures have it.
 *
 * @param errorType such as {@code Runtime.ExitError}; null if there is none
 * @param ofFunction whether the function itself answered, by an error if by any
 */
record Ending(Status status, @Nullable String errorType, boolean ofFunction) {
  private static final Ending SUCCESS = new Ending(Status.SUCCESS, null, true);
  private static final Ending TIMEOUT = new Ending(Status.TIMEOUT, null, false);

  static Ending success() {
    return SUCCESS;
  }

  static Ending timeout() {
    return TIMEOUT;
  }

  /** An error that Lambda found. */
  static Ending error(String type) {
    return new Ending(Status.ERROR, type, false);
  }

  /** An error that the function answered with. */
  static Ending answeredError(String type) {
    return new Ending(Status.ERROR, type, true);
  }

  boolean isSuccess() {
    return status == Status.SUCCESS;
  }

  /** The type of the error. */
  String type() {
    return status == Status.TIMEOUT
        ? "Sandbox.Timedout"
        : Objects.requireNonNullElse(errorType, "Unhandled");
  }

  /** What follows the figures in a log of text, where only Lambda's own findings are told. */
  String text() {
    if (ofFunction) {
      return "";
    }
    return status == Status.TIMEOUT ? "Status: timeout" : "Status: error\tError Type: " + errorType;
  }
}
