package dev.lambic.acceptance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

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

  /** The ways of starting environments fast that the tests' servers do without, if any. */
  static Optional<String> without() {
    return Optional.ofNullable(System.getProperty("lambic.without"));
  }

  /** Sources of functions for tests. */
  static Path function(String name) {
    return named("lambic.functions").resolve(name);
  }

  /** Scripts of clients. */
  static Path script(String name) {
    return named("lambic.functions").resolveSibling("python").resolve(name);
  }

  static Path javaScript(String name) {
    return named("lambic.functions").resolveSibling("javascript").resolve(name);
  }

  static Path boto3() {
    return fetched("lambic.boto3", "python/boto3-", "runtimes/python/requirements.txt");
  }

  static Path javaClient() {
    return fetched("lambic.java", "java/client-", "runtimes/java/pom.xml");
  }

  static Path dynamoDb() {
    return fetched("lambic.dynamodb", "dynamodb-local/", "runtimes/dynamodb-local/pom.xml");
  }

  static Path s3() {
    return fetched("lambic.s3", "s3proxy/", "runtimes/s3proxy/pom.xml");
  }

  static Path awsCli() {
    return fetched("lambic.awscli", "python/aws-cli-", "runtimes/aws-cli/requirements.txt");
  }

  static Path javaScriptSdk() {
    return fetched("lambic.javascript", "node/aws-sdk-", "runtimes/aws-sdk-js/package-lock.json");
  }

  /** The Node.js that the tests' functions run on too. */
  static Path node() {
    return cache().resolve("runtimes/nodejs22.x/bin/node");
  }

  /** AWS's runtime client for a language, with which functions for tests are made. */
  static Path client(String language) {
    String property = "lambic.client." + language;
    String named = System.getProperty(property);
    if (named != null) {
      return directory(property, Path.of(named));
    }
    // Its name tells what it was made of, and for some languages also what for.
    String sources = language + "-" + digestOfAll(root().resolve("runtimes/clients/" + language));
    try (Stream<Path> all = Files.list(directory("clients", cache().resolve("clients")))) {
      return all.filter(path -> path.getFileName().toString().startsWith(sources))
          .filter(path -> Files.exists(path.resolve(".complete")))
          .max(Comparator.naturalOrder())
          .orElseThrow(
              () -> new IllegalStateException("no " + sources + ". Run ./lambic install tests"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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
    return directory(property, cache().resolve(prefix + digest(List.of(root().resolve(list)))));
  }

  /** Where {@code ./lambic} keeps what it fetched. */
  static Path cache() {
    String named = System.getProperty("lambic.cache");
    if (named != null) {
      return Path.of(named);
    }
    Map<String, String> environment = System.getenv();
    String home = environment.getOrDefault("HOME", "/root");
    String caches = environment.getOrDefault("XDG_CACHE_HOME", home + "/.cache");
    return Path.of(environment.getOrDefault("LAMBIC_CACHE", caches + "/lambic"));
  }

  private static String digestOfAll(Path tree) {
    try (Stream<Path> all = Files.walk(tree)) {
      return digest(
          all.filter(Files::isRegularFile).sorted(Comparator.comparing(Path::toString)).toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String digest(List<Path> files) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      for (Path file : files) {
        sha.update(Files.readAllBytes(file));
      }
      return HexFormat.of().formatHex(sha.digest()).substring(0, 12);
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
          property + " is no directory: " + path + ". Run ./lambic install tests once");
    }
    return path;
  }
}
