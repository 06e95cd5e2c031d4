package dev.lambic.server;

import dev.lambic.functions.RuntimeNames;
import dev.lambic.images.Digest;
import dev.lambic.images.ImageConfig;
import dev.lambic.images.ImageReference;
import dev.lambic.images.ImageSources;
import dev.lambic.images.ImageStore;
import dev.lambic.images.Platform;
import dev.lambic.images.RegistryLogins;
import dev.lambic.kernel.Ticker;
import dev.lambic.runtime.Arguments;
import dev.lambic.runtime.ContainerRoot;
import dev.lambic.runtime.RuntimeTarget;
import dev.lambic.store.Directories;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Runtimes that were imported from container images, such as AWS's base images: functions of such a
 * runtime run on the image's root file system, by the image's own bootstrap or by the runtime
 * interface client that is its entry point.
 *
 * <p>The directory holds the unpacked images and, in {@code names}, for each runtime a file with
 * the image's name and digest. It is filled by another process while a server runs; what is not
 * named any more is removed when no server runs, for environments may still run on it. Safe for use
 * by many threads.
 */
final class ImportedRuntimes {
  private static final Pattern NAME =
      Pattern.compile("(?:python|nodejs|java|ruby|dotnet|provided)[a-z0-9.]{0,20}");
  private static final String BOOTSTRAP = "/var/runtime/bootstrap";

  /** What an entry point that is one of AWS's runtime interface clients has in it. */
  private static final List<String> CLIENTS =
      List.of(
          "awslambdaric",
          "aws-lambda-ric",
          "aws_lambda_ric",
          "com.amazonaws.services.lambda.runtime.api.client.AWSLambda");

  /** What is read of a script to find one in it. */
  private static final int SCRIPT_BYTES = 64 << 10;

  private final Path directory;

  private ImportedRuntimes(Path directory) {
    this.directory = directory;
  }

  /** The runtimes of the directory, which need not exist. */
  static ImportedRuntimes in(Path directory) {
    return new ImportedRuntimes(directory);
  }

  /** The runtimes of the directory, which need not exist; removes what is not named any more. */
  static ImportedRuntimes open(Path directory, Ticker ticker) throws IOException {
    ImportedRuntimes runtimes = new ImportedRuntimes(directory);
    if (Files.isDirectory(directory)) {
      try (FileChannel channel = lockFile(directory);
          FileLock lock = channel.tryLock()) {
        if (lock != null) {
          deleteUnfinished(directory);
          ImageStore store = runtimes.store(RegistryLogins.none(), ticker);
          Set<Digest> named = runtimes.named();
          store.collect(() -> named);
          store.collect(() -> named);
        }
      }
    }
    return runtimes;
  }

  /** What an import that was killed had not yet put into its place. */
  private static void deleteUnfinished(Path directory) throws IOException {
    try (DirectoryStream<Path> parts = Files.newDirectoryStream(directory, "*.part")) {
      for (Path part : parts) {
        Files.delete(part);
      }
    }
  }

  private ImageStore store(RegistryLogins logins, Ticker ticker) {
    return ImageStore.open(
        directory, ImageSources.everywhere(logins), Platform.host(), ticker, Duration.ZERO);
  }

  private static FileChannel lockFile(Path directory) throws IOException {
    return FileChannel.open(
        directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  private Set<Digest> named() throws IOException {
    Path names = directory.resolve("names");
    if (!Files.isDirectory(names)) {
      return Set.of();
    }
    try (Stream<Path> files = Files.list(names)) {
      return files
          .flatMap(file -> digest(String.valueOf(file.getFileName())).stream())
          .collect(Collectors.toSet());
    }
  }

  private Optional<Digest> digest(String runtime) {
    return lines(runtime).map(lines -> new Digest(lines.get(1)));
  }

  /** The image of a runtime, if it was imported. */
  Optional<String> image(String runtime) {
    return lines(runtime).map(lines -> lines.get(0));
  }

  private Optional<List<String>> lines(String runtime) {
    Path file = directory.resolve("names").resolve(runtime);
    if (!NAME.matcher(runtime).matches() || !Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try {
      List<String> lines = Files.readAllLines(file);
      return lines.size() == 2 ? Optional.of(lines) : Optional.empty();
    } catch (IOException unreadable) {
      return Optional.empty();
    }
  }

  /** How functions of the runtime are started, if it was imported. */
  Optional<RuntimeTarget> find(String runtime) {
    return digest(runtime).map(digest -> target(runtime, digest));
  }

  private RuntimeTarget target(String runtime, Digest digest) {
    ImageStore.Lease image = ImageStore.peek(directory, digest);
    ContainerRoot root =
        new ContainerRoot(image.root(), image.config().variables(), "/var/task", false);
    if (runtime.startsWith("provided")) {
      return target(runtime, false, List.of(), root, spec -> List.of());
    }
    if (root.program(BOOTSTRAP).isPresent()) {
      return target(runtime, true, List.of(BOOTSTRAP), root, spec -> List.of());
    }
    // As on Lambda, where such an entry point gets the handler as the image's command.
    return target(
        runtime, true, client(image.config(), root), root, spec -> List.of(spec.handler()));
  }

  private static RuntimeTarget target(
      String runtime, boolean managed, List<String> argv, ContainerRoot root, Arguments arguments) {
    return new RuntimeTarget(
        runtime,
        managed,
        List.of(),
        argv,
        Map.of(),
        Optional.empty(),
        Optional.of(root),
        arguments);
  }

  /** The entry point, if it is a runtime interface client; else empty. */
  private static List<String> client(ImageConfig config, ContainerRoot root) {
    List<String> entryPoint = config.entryPoint();
    if (entryPoint.isEmpty()) {
      return List.of();
    }
    Optional<String> program = root.program(entryPoint.getFirst());
    if (program.isEmpty()
        || !(names(entryPoint.toString()) || names(script(root, program.get())))) {
      return List.of();
    }
    List<String> argv = new ArrayList<>(entryPoint);
    argv.set(0, program.get());
    return argv;
  }

  private static boolean names(String text) {
    return CLIENTS.stream().anyMatch(text::contains);
  }

  /** The text of a program that is a script; else empty. */
  private static String script(ContainerRoot root, String program) {
    Path file = root.find(program).orElseThrow();
    try (InputStream in = Files.newInputStream(file)) {
      String text = new String(in.readNBytes(SCRIPT_BYTES), StandardCharsets.ISO_8859_1);
      return text.startsWith("#!") ? text : "";
    } catch (IOException unreadable) {
      return "";
    }
  }

  /**
   * Imports a runtime, in place of what was imported for it before.
   *
   * @param image as {@link ImageReference} reads it; a relative path is of the working directory
   * @param logins for registries that do not give it to everybody
   * @return what was done, for a person
   * @throws IOException if another import runs, or the image is no runtime
   * @throws dev.lambic.images.ImageException if it cannot be had
   */
  static String importImage(
      Path directory, String runtime, String image, RegistryLogins logins, Ticker ticker)
      throws IOException {
    if (!RuntimeNames.supported().contains(runtime) || !NAME.matcher(runtime).matches()) {
      throw new IOException(runtime + " is none of AWS's runtimes, such as python3.13 or ruby3.4");
    }
    Files.createDirectories(
        directory,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    ImportedRuntimes runtimes = new ImportedRuntimes(directory);
    try (FileChannel channel = lockFile(directory);
        FileLock lock = channel.tryLock()) {
      if (lock == null) {
        throw new IOException("another import to " + directory + " runs, or a server starts");
      }
      ImageStore store = runtimes.store(logins, ticker);
      ImageReference pinned = store.resolve(absolute(ImageReference.parse(image)));
      store.pull(pinned);
      Digest digest = pinned.digest().orElseThrow();
      runtimes.require(runtime, digest);
      runtimes.name(runtime, pinned, digest);
      return runtime + " is " + pinned;
    }
  }

  private static ImageReference absolute(ImageReference image) {
    return image.kind() == ImageReference.Kind.REGISTRY
        ? image
        : new ImageReference(
            image.kind(),
            "",
            Path.of(image.path()).toAbsolutePath().normalize().toString(),
            image.tag(),
            image.digest());
  }

  /** Refuses an image that functions of the runtime could not run on. */
  private void require(String runtime, Digest digest) throws IOException {
    RuntimeTarget target = target(runtime, digest);
    ContainerRoot root = target.root().orElseThrow();
    if (target.managed() && target.argv().isEmpty()) {
      throw new IOException(
          "the image starts no functions: it has neither the program "
              + BOOTSTRAP
              + ", as AWS's base images have it (public.ecr.aws/lambda/...), nor a runtime interface"
              + " client of AWS as its ENTRYPOINT, such as [\"python\", \"-m\", \"awslambdaric\"]."
              + " Import one that has, or install the client in this one");
    }
    for (String mounted : List.of("var", "var/task", "opt")) {
      if (!Files.isDirectory(root.directory().resolve(mounted), LinkOption.NOFOLLOW_LINKS)) {
        throw new IOException("/" + mounted + " of the image is no directory");
      }
    }
  }

  private void name(String runtime, ImageReference image, Digest digest) throws IOException {
    Path names = Files.createDirectories(directory.resolve("names"));
    Path made = Files.createTempFile(directory, "name", ".part");
    Files.writeString(made, image + "\n" + digest.hex() + "\n");
    // The name must not be on disk before its content is.
    try (FileChannel written = FileChannel.open(made, StandardOpenOption.WRITE)) {
      written.force(true);
    }
    Files.move(made, names.resolve(runtime), StandardCopyOption.ATOMIC_MOVE);
    Directories.sync(names);
    Directories.sync(directory);
  }
}
