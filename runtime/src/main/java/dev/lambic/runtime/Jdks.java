package dev.lambic.runtime;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the Java runtimes of a host by the {@code release} file in the home of each.
 *
 * <p>An environment sees the whole home of its runtime, so a directory that holds other things too,
 * such as somebody's home directory, is none.
 */
final class Jdks {
  private static final Pattern VERSION = Pattern.compile("(?m)^JAVA_VERSION=\"?([^\"\\s]+)\"?$");
  private static final Pattern MAJOR = Pattern.compile("(?:1\\.)?(\\d{1,3})(?:[^\\d].*)?");
  private static final int MAX_RELEASE_BYTES = 64 << 10;

  private final List<Path> homes;
  private final List<Path> collections;
  private final Path user;

  /**
   * A search.
   *
   * @param homes directories that may be the home of a runtime, the preferred ones first
   * @param collections directories whose children may be such homes
   * @param user the home directory of whoever runs the server
   */
  Jdks(List<Path> homes, List<Path> collections, Path user) {
    this.homes = List.copyOf(homes);
    this.collections = List.copyOf(collections);
    this.user = user;
  }

  /** The runtime of the very version, else of the nearest newer one: older ones cannot load it. */
  Optional<Jdk> atLeast(int major) {
    return all().stream()
        .filter(jdk -> jdk.major() >= major)
        .min(Comparator.comparingInt(Jdk::major));
  }

  /** When the directories of the search were changed last. */
  List<FileTime> changes() {
    return Interpreters.changes(homes, collections);
  }

  /** Every runtime once, in the order of the search. */
  List<Jdk> all() {
    Set<Path> candidates = new LinkedHashSet<>();
    Set<RootTree> trees = new LinkedHashSet<>();
    homes.forEach(home -> real(home).ifPresent(candidates::add));
    for (Path collection : collections) {
      for (Path child : children(collection)) {
        if (!Interpreters.isHidden(child)) {
          real(child).ifPresent(candidates::add);
          RootTree.of(child).ifPresent(trees::add);
        }
      }
    }
    List<Jdk> found = new ArrayList<>();
    // What was installed for functions beats what is there for other ends.
    trees.forEach(tree -> found.addAll(jdks(tree)));
    candidates.forEach(home -> jdk(home).ifPresent(found::add));
    return found;
  }

  private List<Jdk> jdks(RootTree tree) {
    Set<Path> candidates = new LinkedHashSet<>();
    children(tree.javas()).forEach(home -> real(home).ifPresent(candidates::add));
    return candidates.stream()
        .filter(home -> home.startsWith(tree.directory()))
        .flatMap(home -> jdk(home).stream())
        .map(jdk -> new Jdk(jdk.home(), jdk.major(), jdk.version(), Optional.of(tree)))
        .toList();
  }

  private static List<Path> children(Path directory) {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, Files::isDirectory)) {
      entries.forEach(found::add);
    } catch (IOException missing) {
      return List.of();
    }
    found.sort(null);
    return found;
  }

  private static Optional<Path> real(Path home) {
    try {
      return Optional.of(home.toRealPath());
    } catch (IOException missing) {
      return Optional.empty();
    }
  }

  private Optional<Jdk> jdk(Path home) {
    if (home.getNameCount() < 2 || user.startsWith(home)) {
      return Optional.empty();
    }
    return version(home)
        .flatMap(version -> of(home, version))
        .filter(jdk -> Files.isExecutable(home.resolve("bin/java")))
        .filter(jdk -> Files.isRegularFile(jdk.classes()));
  }

  private static Optional<Jdk> of(Path home, String version) {
    Matcher major = MAJOR.matcher(version);
    return major.matches()
        ? Optional.of(new Jdk(home, Integer.parseInt(major.group(1)), version))
        : Optional.empty();
  }

  private static Optional<String> version(Path home) {
    Path release = home.resolve("release");
    try {
      if (!Files.isRegularFile(release) || Files.size(release) > MAX_RELEASE_BYTES) {
        return Optional.empty();
      }
      Matcher version = VERSION.matcher(Files.readString(release));
      return version.find() ? Optional.of(version.group(1)) : Optional.empty();
    } catch (IOException unreadable) {
      return Optional.empty();
    }
  }
}
