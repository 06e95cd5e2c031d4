package dev.lambic.runtime;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds the interpreters of a host.
 *
 * <p>Looked at are the given prefixes and what lies directly below the given collections of
 * prefixes, such as {@code ~/.pyenv/versions}. A child that is a {@link RootTree} with an
 * interpreter, rather than its prefix, counts too.
 */
final class Interpreters {
  private static final Pattern PYTHON = Pattern.compile("python3\\.(\\d{1,2})");
  private static final Pattern NODE_VERSION = Pattern.compile("v(\\d+)\\.");
  private static final Pattern RUBY = Pattern.compile("ruby(?:\\d\\.\\d{1,2})?");
  private static final Pattern RUBY_VERSION = Pattern.compile("ruby (\\d+)\\.(\\d+)\\.");

  /** What {@code ./lambic} fetches is put into its place in one step, and is hidden before. */
  private static final String HIDDEN = ".";

  private static final Pattern VERSIONED_RUBY = Pattern.compile("ruby(\\d)\\.(\\d{1,2})");

  private final Set<Path> prefixes = new LinkedHashSet<>();
  private final List<RootTree> trees = new ArrayList<>();

  Interpreters(List<Path> candidates, List<Path> collections) {
    for (Path candidate : candidates) {
      add(candidate);
    }
    for (Path collection : collections) {
      for (Path child : children(collection)) {
        if (!isHidden(child)) {
          add(child);
          RootTree.of(child).ifPresent(trees::add);
        }
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

  static boolean isHidden(Path path) {
    return String.valueOf(path.getFileName()).startsWith(HIDDEN);
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

  /**
   * When the directories that are looked at were last changed: as long as it is the same, so is
   * what is found.
   */
  static List<FileTime> changes(List<Path> candidates, List<Path> collections) {
    List<FileTime> times = new ArrayList<>(candidates.size() + collections.size());
    candidates.forEach(candidate -> times.add(changed(candidate.resolve("bin"))));
    collections.forEach(collection -> times.add(changed(collection)));
    return times;
  }

  private static FileTime changed(Path directory) {
    try {
      return Files.getLastModifiedTime(directory);
    } catch (IOException missing) {
      return FileTime.fromMillis(0);
    }
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
    found.addAll(
        inTrees(
            PYTHON,
            (tree, name, real) ->
                isPython(real, name.group())
                    ? found(tree, real, 3, Integer.parseInt(name.group(1)))
                    : null));
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

  /** Every {@code ruby} and {@code rubyN.N} that tells its version when asked. */
  List<Interpreter> rubies() {
    Set<Path> programs = new LinkedHashSet<>();
    for (Path prefix : prefixes) {
      for (Path file : children(prefix.resolve("bin"))) {
        if (RUBY.matcher(file.getFileName().toString()).matches()) {
          installed(file).ifPresent(programs::add);
        }
      }
    }
    List<Interpreter> found = new ArrayList<>();
    for (Path program : programs) {
      Matcher version = RUBY_VERSION.matcher(firstLine(program, "--version"));
      if (version.lookingAt()) {
        int major = Integer.parseInt(version.group(1));
        found.add(found(program, major, Integer.parseInt(version.group(2))));
      }
    }
    found.addAll(
        inTrees(
            VERSIONED_RUBY,
            (tree, name, real) ->
                found(
                    tree, real, Integer.parseInt(name.group(1)), Integer.parseInt(name.group(2)))));
    return found;
  }

  /** Makes an interpreter of a program of a tree whose name fits; null if it is none. */
  private interface TreeProgram {
    @Nullable Interpreter interpreter(RootTree tree, Matcher name, Path real);
  }

  /** The interpreters of the trees, which tell their version by the programs' names. */
  private List<Interpreter> inTrees(Pattern names, TreeProgram maker) {
    List<Interpreter> found = new ArrayList<>();
    for (RootTree tree : trees) {
      for (Path prefix : tree.prefixes()) {
        for (Path file : children(prefix.resolve("bin"))) {
          Matcher name = names.matcher(file.getFileName().toString());
          Optional<Path> real = name.matches() ? installed(file) : Optional.empty();
          if (real.isPresent() && real.get().startsWith(prefix)) {
            Optional.ofNullable(maker.interpreter(tree, name, real.get())).ifPresent(found::add);
          }
        }
      }
    }
    return found;
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

  private static Interpreter found(RootTree tree, Path program, int major, int minor) {
    return new Interpreter(
        prefixOf(program), program.getFileName().toString(), major, minor, Optional.of(tree));
  }

  private static String firstLine(Path program, String argument) {
    List<String> lines = lines(List.of(program.toString(), argument));
    return lines.isEmpty() ? "" : lines.getFirst();
  }

  /** What a program prints; nothing if it cannot be run or takes too long. */
  static List<String> lines(List<String> command) {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
              .start();
      try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
          return List.of();
        }
        return lines.lines().toList();
      } finally {
        process.destroyForcibly();
      }
    } catch (IOException | UncheckedIOException notRunnable) {
      return List.of();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }
}
