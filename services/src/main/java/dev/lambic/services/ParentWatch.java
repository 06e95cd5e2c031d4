package dev.lambic.services;

import java.io.IOException;
import java.io.OutputStream;

/**
 * Ends a child process when its standard input ends.
 *
 * <p>The parent holds the other end of the input, so the process ends with the parent however that
 * ends.
 */
final class ParentWatch {
  private ParentWatch() {}

  static void start() {
    Thread.ofPlatform().daemon().name("parent-watch").start(ParentWatch::endWithParent);
  }

  private static void endWithParent() {
    try {
      // Nothing is ever sent; only the end counts.
      System.in.transferTo(OutputStream.nullOutputStream());
    } catch (IOException closed) {
      Runtime.getRuntime().halt(0);
    }
    Runtime.getRuntime().halt(0);
  }
}
