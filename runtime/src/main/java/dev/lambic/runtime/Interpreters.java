package dev.lambic.runtime;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the interpreters of a host.
 *
 * <p>Looked at are the given prefixes and what lies directly below the given collections of
 * prefixes, such as {@code ~/.pyenv/versions}.
 */
final class Interpreters {
  private static final Pattern PYTHON = Pattern.compile("python3\\.(\\d{1,2})");
  private static final Pattern NODE_VERSION = Pattern.compile("v(\\d+)\\.");

  private final Set<Path> prefixes = new LinkedHashSet<>();

  Interpreters(List<Path> candidates, List<Path> collections) {
    for (Path candidate : candidates) {
      add(candidate);
    }
    for (Path collection : collections) {
      for (Path child : children(collection)) {
        add(child);
      }
    }
  }

  private void add(Path candidate) {
    try {
      if (Files.isDirectory(candidate.resolve("bin"))) {
        prefixes.add(candidate.toRealPath());
      }
    } catch (IOException unreadable) {
      // A prefix that cannot be read offers nothing.
      return;
    }
  }

  private static List<Path> children(Path directory) {
    List<Path> found = new ArrayList<>();
    if (Files.isDirectory(directory)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
        entries.forEach(found::add);
      } catch (IOException unreadable) {
        return List.of();
      }
    }
    found.sort(null);
    return found;
  }

  /** Every {@code python3.N} with its standard library beside it. */
  List<Interpreter> pythons() {
    List<Interpreter> found = new ArrayList<>();
    for (Path prefix : prefixes) {
      for (Path file : children(prefix.resolve("bin"))) {
        Matcher name = PYTHON.matcher(file.getFileName().toString());
        if (name.matches()) {
          installed(file)
              .filter(real -> isPython(real, name.group()))
              .map(real -> found(real, 3, Integer.parseInt(name.group(1))))
              .ifPresent(found::add);
        }
      }
    }
    return found.stream().distinct().toList();
  }

  private static boolean isPython(Path program, String name) {
    return Files.isRegularFile(prefixOf(program).resolve("lib/" + name + "/os.py"));
  }

  /** Every {@code node} that tells its version when asked. */
  List<Interpreter> nodes() {
    List<Interpreter> found = new ArrayList<>();
    for (Path prefix : prefixes) {
      Optional<Path> program = installed(prefix.resolve("bin/node"));
      if (program.isPresent()) {
        Matcher version = NODE_VERSION.matcher(firstLine(program.get(), "--version"));
        if (version.lookingAt()) {
          found.add(found(program.get(), Integer.parseInt(version.group(1)), 0));
        }
      }
    }
    return found.stream().distinct().toList();
  }

  /** Where the program really lies, for environments see nothing beside its own prefix. */
  private static Optional<Path> installed(Path program) {
    try {
      Path real = program.toRealPath();
      boolean inBin = real.getParent() != null && real.getParent().endsWith("bin");
      return inBin && Files.isRegularFile(real) && Files.isExecutable(real)
          ? Optional.of(real)
          : Optional.empty();
    } catch (IOException missing) {
      return Optional.empty();
    }
  }

  private static Path prefixOf(Path program) {
    return program.resolve("../..").normalize();
  }

  private static Interpreter found(Path program, int major, int minor) {
    return new Interpreter(prefixOf(program), program.getFileName().toString(), major, minor);
  }

  private static String firstLine(Path program, String argument) {
    try {
      Process process =
          new ProcessBuilder(program.toString(), argument)
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
              .start();
      try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
          return "";
        }
        String line = lines.readLine();
        return line == null ? "" : line;
      } finally {
        process.destroyForcibly();
      }
    } catch (IOException notRunnable) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }
}
