package dev.lambic.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The programs that run handlers, laid out as directories that environments mount.
 *
 * <p>Immutable once made.
 */
public final class Bootstraps {
  /** Where an environment sees the bootstrap of its language. */
  static final String INSIDE = "/var/rapid";

  /**
   * Below it, what was compiled ahead of the function's code and of its layers; see {@link
   * CodeCache}. The bootstrap has empty directories of these names, where that is mounted.
   */
  static final String COMPILED_CODE = "code";

  static final String COMPILED_LAYERS = "layers";

  private static final Map<String, List<String>> FILES =
      Map.of(
          "python", List.of("bootstrap.py", "zygote.py", "template.py", "compile.py"),
          "node", List.of("bootstrap.mjs", "streaming.mjs", "compile.mjs"),
          "ruby", List.of("bootstrap.rb", "binding.rb", "zygote.rb"));

  private final Path root;

  private Bootstraps(Path root) {
    this.root = root;
  }

  /**
   * Writes the bootstraps below the directory, over what an earlier version left there.
   *
   * @throws UncheckedIOException if they cannot be written
   */
  public static Bootstraps layOut(Path root) {
    FILES.forEach((language, files) -> {
      files.forEach(file -> lay(root.resolve(language), language + "/" + file, file));
      makeDirectory(root.resolve(language).resolve(COMPILED_CODE));
      makeDirectory(root.resolve(language).resolve(COMPILED_LAYERS));
    });
    return new Bootstraps(root);
  }

  private static void lay(Path directory, String resource, String file) {
    try (InputStream in = Bootstraps.class.getResourceAsStream(resource)) {
      Files.createDirectories(directory);
      Path target = directory.resolve(file);
      Files.copy(Objects.requireNonNull(in, resource), target, StandardCopyOption.REPLACE_EXISTING);
      Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rw-r--r--"));
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void makeDirectory(Path directory) {
    try {
      Files.createDirectories(directory);
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path directory(String language) {
    return root.resolve(language);
  }
}
