package dev.lambic.server;

import dev.lambic.runtime.FastPath;
import dev.lambic.wire.AuthMode;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How a server is run: its command line and the places that its launcher tells it.
 *
 * @param host address to listen on
 * @param port 0 takes any free one
 * @param data where functions and their state are kept
 * @param auth what requests have to prove
 * @param boto3 directory with boto3 for Python functions, if there is one
 * @param cache where downloads are kept, if that is told
 * @param java directory with the runtime interface client for Java functions, if there is one
 * @param dynamoDb directory with DynamoDB Local; it need not exist
 * @param s3 directory with S3Proxy; it need not exist
 * @param images directory below which container images in files may be named, if any may
 * @param registryAuth file with passwords for registries, if there is one
 * @param fast the ways of starting environments faster that are taken
 */
record ServerConfig(
    InetAddress host,
    int port,
    Path data,
    AuthMode auth,
    Optional<Path> boto3,
    Optional<Path> cache,
    Optional<Path> java,
    Path dynamoDb,
    Path s3,
    Optional<Path> images,
    Optional<Path> registryAuth,
    Set<FastPath> fast) {
  private static final Set<String> OPTIONS =
      Set.of("--host", "--port", "--data", "--auth", "--images", "--registry-auth", "--without");

  /** A configuration that cannot be used; the message says what to do. */
  static final class Misuse extends Exception {
    private static final long serialVersionUID = 1L;

    Misuse(String message) {
      super(message);
    }
  }

  /**
   * Reads {@code --name value} pairs.
   *
   * @param properties as of the Java process: {@code lambic.boto3}, {@code lambic.cache}, {@code
   *     lambic.java}, {@code lambic.dynamodb}, {@code lambic.s3}
   * @throws Misuse if an option is unknown or its value is no use
   */
  static ServerConfig parse(String[] args, int from, Map<String, String> properties) throws Misuse {
    String host = "127.0.0.1";
    int port = 4566;
    Path data = Path.of(".lambic");
    Optional<String> auth = Optional.empty();
    Optional<Path> images = Optional.empty();
    Optional<Path> registryAuth = Optional.empty();
    Set<FastPath> fast = EnumSet.allOf(FastPath.class);
    for (int i = from; i < args.length; i += 2) {
      if (!OPTIONS.contains(args[i])) {
        throw new Misuse("unknown option " + args[i]);
      }
      if (i + 1 == args.length) {
        throw new Misuse(args[i] + " needs a value");
      }
      String value = args[i + 1];
      switch (args[i]) {
        case "--host" -> host = value;
        case "--port" -> port = port(value);
        case "--data" -> data = Path.of(value);
        case "--images" -> images = Optional.of(directory(value));
        case "--registry-auth" -> registryAuth = Optional.of(file(value));
        case "--without" -> fast.removeAll(fastPaths(value));
        default -> auth = Optional.of(value);
      }
    }
    InetAddress address = address(host);
    Path dynamoDb = Path.of(properties.getOrDefault("lambic.dynamodb", "dynamodb-local"));
    Path s3 = Path.of(properties.getOrDefault("lambic.s3", "s3proxy"));
    Optional<Path> boto3 = Optional.ofNullable(properties.get("lambic.boto3")).map(Path::of);
    Optional<Path> cache = Optional.ofNullable(properties.get("lambic.cache")).map(Path::of);
    Optional<Path> java = Optional.ofNullable(properties.get("lambic.java")).map(Path::of);
    return new ServerConfig(
        address,
        port,
        data.toAbsolutePath().normalize(),
        mode(auth, address),
        boto3,
        cache,
        java,
        dynamoDb,
        s3,
        images,
        registryAuth,
        Set.copyOf(fast));
  }

  private static Set<FastPath> fastPaths(String value) throws Misuse {
    Set<FastPath> named = EnumSet.noneOf(FastPath.class);
    for (String word : value.split(",", -1)) {
      named.add(
          FastPath.of(word)
              .orElseThrow(() ->
                  new Misuse(
                      "--without is one of "
                          + Arrays.stream(FastPath.values())
                              .map(FastPath::word)
                              .collect(Collectors.joining(", "))
                          + ", or several with commas between, not "
                          + word)));
    }
    return named;
  }

  private static Path directory(String value) throws Misuse {
    Path directory = Path.of(value).toAbsolutePath().normalize();
    if (!Files.isDirectory(directory)) {
      throw new Misuse("--images is a directory, and " + directory + " is none");
    }
    return directory;
  }

  private static Path file(String value) throws Misuse {
    Path file = Path.of(value).toAbsolutePath().normalize();
    if (!Files.isReadable(file)) {
      throw new Misuse("--registry-auth is a file, and " + file + " cannot be read");
    }
    return file;
  }

  private static int port(String value) throws Misuse {
    try {
      int port = Integer.parseInt(value);
      if (port >= 0 && port < 65536) {
        return port;
      }
    } catch (NumberFormatException e) {
      throw new Misuse("--port is a number, not " + value);
    }
    throw new Misuse("--port is at most 65535, not " + value);
  }

  private static InetAddress address(String host) throws Misuse {
    try {
      return InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw new Misuse("--host is an address of this machine, not " + host);
    }
  }

  /** Anybody may be anybody only where nobody else can reach. */
  private static AuthMode mode(Optional<String> auth, InetAddress address) throws Misuse {
    if (auth.isEmpty()) {
      return address.isLoopbackAddress() ? AuthMode.ACCEPT : AuthMode.ENFORCE;
    }
    return switch (auth.get().toLowerCase(Locale.ROOT)) {
      case "accept" -> AuthMode.ACCEPT;
      case "enforce" -> AuthMode.ENFORCE;
      default -> throw new Misuse("--auth is accept or enforce, not " + auth.get());
    };
  }
}
