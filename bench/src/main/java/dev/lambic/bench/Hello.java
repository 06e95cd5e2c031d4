package dev.lambic.bench;

import java.io.IOException;

/**
 * What a hello function answers, checked.
 *
 * @param calls how many its process has had, this one included
 * @param nanos the time that its handler took by its own clock
 * @param at when the handler began, by the clock that {@link System#nanoTime} reads too
 */
record Hello(long calls, long nanos, long at) {
  /**
   * Reads an answer.
   *
   * @throws IOException if it is not that of the function
   */
  static Hello of(HttpMessage answer) throws IOException {
    if (answer.status() != 200 || answer.field("X-Amz-Function-Error") != null) {
      throw new IOException("the call failed: " + answer.status() + " " + answer.text());
    }
    if (!Json.member(answer.body(), "hello").equals("world")) {
      throw new IOException("an answer to another call: " + answer.text());
    }
    return new Hello(
        Json.number(answer.body(), "calls"),
        Json.number(answer.body(), "nanos"),
        Json.number(answer.body(), "at"));
  }
}
