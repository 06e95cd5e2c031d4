package dev.lambic.acceptance;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where the tests find what they run; {@code ./lambic test} tells it by system properties. */
final class Places {
  private Places() {}

  /** The checkout. */
  static Path root() {
    return named("lambic.root");
  }

  /** The server and its libraries. */
  static Path app() {
    String elsewhere = System.getProperty("lambic.app");
    return elsewhere == null ? root().resolve("server/target/app") : Path.of(elsewhere);
  }

  /** Sources of functions for tests. */
  static Path function(String name) {
    return named("lambic.functions").resolve(name);
  }

  /** Scripts of clients. */
  static Path script(String name) {
    return named("lambic.functions").resolveSibling("python").resolve(name);
  }

  static Path boto3() {
    return named("lambic.boto3");
  }

  static Path dynamoDb() {
    return named("lambic.dynamodb");
  }

  static Path awsCli() {
    return named("lambic.awscli");
  }

  static Path python() {
    return Path.of(System.getProperty("lambic.python", "/usr/bin/python3"));
  }

  private static Path named(String property) {
    String value = System.getProperty(property);
    if (value == null || !Files.isDirectory(Path.of(value))) {
      throw new IllegalStateException(
          property + " names no directory (" + value + "); run the tests by ./lambic test");
    }
    return Path.of(value);
  }
}
