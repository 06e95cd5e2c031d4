package dev.lambic.functions;

import org.jspecify.annotations.Nullable;

/**
 * What a name, ARN and qualifier mean.
 *
 * @param function the version that runs
 * @param qualifier what the caller asked for, such as {@code $LATEST}, {@code 3} or an alias; null
 *     if nothing
 */
public record Resolved(FunctionVersion function, @Nullable String qualifier) {
  /** The ARN that was asked for, which is what a function sees as its invoked ARN. */
  public String invokedArn() {
    return qualifier == null ? function.functionArn() : function.functionArn() + ":" + qualifier;
  }
}
