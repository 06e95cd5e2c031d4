package dev.lambic.acceptance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;

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
    return fetched("lambic.boto3", "python/boto3-", "runtimes/python/requirements.txt");
  }

  static Path dynamoDb() {
    return fetched("lambic.dynamodb", "dynamodb-local/", "runtimes/dynamodb-local/pom.xml");
  }

  static Path awsCli() {
    return fetched("lambic.awscli", "python/aws-cli-", "runtimes/aws-cli/requirements.txt");
  }

  static Path python() {
    return Path.of(System.getProperty("lambic.python", "/usr/bin/python3"));
  }

  /** A place that is named, or else where {@code ./lambic} keeps what such a list names. */
  private static Path fetched(String property, String prefix, String list) {
    String named = System.getProperty(property);
    if (named != null) {
      return directory(property, Path.of(named));
    }
    Map<String, String> environment = System.getenv();
    String home = environment.getOrDefault("HOME", "/root");
    String caches = environment.getOrDefault("XDG_CACHE_HOME", home + "/.cache");
    String cache = environment.getOrDefault("LAMBIC_CACHE", caches + "/lambic");
    return directory(property, Path.of(cache, prefix + digest(root().resolve(list))));
  }

  private static String digest(Path file) {
    try {
      byte[] sha = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
      return HexFormat.of().formatHex(sha).substring(0, 12);
    } catch (IOException | NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Path named(String property) {
    return directory(property, Path.of(System.getProperty(property, "missing")));
  }

  private static Path directory(String property, Path path) {
    if (!Files.isDirectory(path)) {
      throw new IllegalStateException(
          property + " is no directory: " + path + ". Run ./lambic test once");
    }
    return path;
  }
}
