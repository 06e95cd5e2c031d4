package dev.lambic.runtime;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.sandbox.ReadOnlyMount;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * Runs Java functions by AWS's own runtime interface client on the Java runtimes of this host.
 *
 * <p>Safe for use by many threads. Follows "Building Lambda functions with Java" of the Lambda
 * Developer Guide.
 */
public final class JavaRuntimes {
  private static final String CLIENT_INSIDE = "/var/runtime";
  private static final String LIBRARY = "libaws-lambda-jni.so";

  /** About what a virtual machine that waits for a function has in memory. */
  private static final int STEM_MB = 56;

  private final @Nullable Path client;
  private final Path work;
  private final Jdks jdks;
  private final @Nullable ClassArchive archives;

  /**
   * The runtimes of one host.
   *
   * @param client directory whose {@code lib} has the client's jars, seen by functions as {@code
   *     /var/runtime}; null if there is none
   * @param work directory for what is made of the client for each Java runtime
   * @param homes directories that may be the home of a Java runtime, the preferred ones first
   * @param collections directories whose children may be such homes
   * @param user the home directory of whoever runs the server
   * @param archives makes class archives; null for starts without
   */
  public JavaRuntimes(
      @Nullable Path client,
      Path work,
      List<Path> homes,
      List<Path> collections,
      Path user,
      @Nullable ClassArchive archives) {
    this.client = client;
    this.work = work;
    this.jdks = new Jdks(homes, collections, user);
    this.archives = archives;
  }

  /** When the directories that may hold a Java were changed last. */
  List<FileTime> changes() {
    return jdks.changes();
  }

  /**
   * How to run functions of the runtime, on the Java of its version or else the nearest newer one.
   *
   * @param identifier AWS's name, such as {@code java21}
   * @throws LambicException with code {@code InvalidParameterValueException} if this host cannot
   */
  RuntimeTarget target(String identifier) {
    int major = Integer.parseInt(identifier.replaceFirst("java(\\d+).*", "$1"));
    Path libraries = client;
    if (libraries == null) {
      throw refused(
          "The runtime " + identifier + " needs AWS's runtime interface client, which is missing.");
    }
    Jdk jdk =
        jdks.atLeast(major)
            .orElseThrow(() ->
                refused(
                    "No Java for the runtime "
                        + identifier
                        + " was found on this host. Install a JDK "
                        + major
                        + ", then try again."));
    try {
      return target(identifier, major, jdk, libraries);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private RuntimeTarget target(String identifier, int major, Jdk jdk, Path libraries)
      throws IOException {
    List<Path> jars = jars(libraries.resolve("lib"));
    Path own = work.resolve(jdk.major() + "-" + digest(jdk, jars));
    Files.createDirectories(own);
    Files.setPosixFilePermissions(own, PosixFilePermissions.fromString("rwxr-xr-x"));
    List<ReadOnlyMount> mounts =
        List.of(
            new ReadOnlyMount(jdk.home(), Jdk.INSIDE),
            new ReadOnlyMount(own, Bootstraps.INSIDE),
            new ReadOnlyMount(libraries, CLIENT_INSIDE));
    JavaArguments arguments =
        new JavaArguments(
            jdk.major(), classPath(jars), own.resolve("client.jsa"), library(jars, own));
    StemJar.layOut(own);
    if (archives != null) {
      archives.make(jdk, mounts, arguments);
    }
    return new RuntimeTarget(
        identifier,
        true,
        mounts,
        List.of(Jdk.PROGRAM),
        // Standard output, where frames are told apart from what the function prints.
        Map.of(LogFrames.VARIABLE, "1"),
        warning(identifier, major, jdk),
        jdk.root().map(RootTree::container),
        arguments,
        Optional.of(new Unbound(StartVariables.JAVA, unbound(arguments), STEM_MB)));
  }

  private static IntFunction<List<String>> unbound(JavaArguments arguments) {
    return memoryMb -> {
      List<String> argv = new ArrayList<>(List.of(Jdk.PROGRAM));
      argv.addAll(arguments.unbound(memoryMb));
      return List.copyOf(argv);
    };
  }

  private static Optional<String> warning(String identifier, int major, Jdk used) {
    return used.major() == major
        ? Optional.empty()
        : Optional.of(
            "The runtime "
                + identifier
                + " is not installed; java of version "
                + used.version()
                + " is used instead.");
  }

  private static LambicException refused(String message) {
    return new LambicException("InvalidParameterValueException", Blame.CALLER, message);
  }

  private static List<Path> jars(Path directory) throws IOException {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, "*.jar")) {
      entries.forEach(found::add);
    }
    // A class archive holds for one order only.
    found.sort(null);
    return found;
  }

  private static String classPath(List<Path> jars) {
    List<String> inside = new ArrayList<>();
    jars.forEach(jar -> inside.add(CLIENT_INSIDE + "/lib/" + jar.getFileName()));
    return String.join(":", inside);
  }

  /** Unpacks the client's native library once; each start would do so to its {@code /tmp}. */
  private static String library(List<Path> jars, Path own) throws IOException {
    String name = System.getProperty("os.arch").equals("aarch64") ? "aarch_64" : "x86_64";
    for (Path jar : jars) {
      try (ZipFile zip = new ZipFile(jar.toFile())) {
        ZipEntry entry = zip.getEntry("jni/libaws-lambda-jni.linux-" + name + ".so");
        if (entry != null) {
          unpack(zip, entry, own.resolve(LIBRARY));
          return Bootstraps.INSIDE + "/" + LIBRARY;
        }
      }
    }
    return "";
  }

  private static void unpack(ZipFile zip, ZipEntry entry, Path file) throws IOException {
    if (Files.isRegularFile(file) && Files.size(file) == entry.getSize()) {
      return;
    }
    Path part = file.resolveSibling(LIBRARY + ".part");
    try (InputStream in = zip.getInputStream(entry)) {
      Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
    }
    Files.setPosixFilePermissions(part, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Differs when another Java or another client would be used, whatever their versions say. */
  private static String digest(Jdk jdk, List<Path> jars) throws IOException {
    List<String> parts = new ArrayList<>();
    List<Path> files = new ArrayList<>(List.of(jdk.classes(), jdk.home().resolve("release")));
    files.addAll(jars);
    for (Path file : files) {
      FileTime changed = Files.getLastModifiedTime(file);
      parts.add(file.toRealPath() + " " + Files.size(file) + " " + changed.toMillis());
    }
    try {
      byte[] sha =
          MessageDigest.getInstance("SHA-256")
              .digest(String.join("\n", parts).getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(sha, 0, 6);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
