package dev.lambic.runtime;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A root file system on this host that holds an interpreter with all libraries that it needs, as
 * {@code ./lambic runtime install} makes it of packages; environments of that interpreter have it
 * in place of the host's programs.
 *
 * @param directory the tree, without symbolic links in its path; nobody changes it
 */
record RootTree(Path directory) {
  /** The tree's name in the directory of an installed runtime. */
  private static final String NAME = "root";

  /** Where programs look for libraries that are told to no loader's cache. */
  private static final List<String> LIBRARIES = List.of("usr/lib", "var/lang/lib");

  /** The tree of an installed runtime, if it has one. */
  static Optional<RootTree> of(Path installed) {
    Path tree = installed.resolve(NAME);
    try {
      return Files.isDirectory(tree.resolve("usr"))
          ? Optional.of(new RootTree(tree.toRealPath()))
          : Optional.empty();
    } catch (IOException unreadable) {
      return Optional.empty();
    }
  }

  /** Where interpreters may be installed in it. */
  List<Path> prefixes() {
    return List.of(directory.resolve("var/lang"), directory.resolve("usr"));
  }

  /** Where Java runtimes are installed in it. */
  Path javas() {
    return directory.resolve("usr/lib/jvm");
  }

  /** As an environment's root. */
  ContainerRoot container() {
    return new ContainerRoot(directory, Map.of(), "/var/task", false);
  }

  /** A path of the tree as it is seen inside. */
  String inside(Path path) {
    return "/" + directory.relativize(path);
  }

  /** Runs a program of the tree on the host, by the tree's own loader and with its libraries. */
  List<String> command(String program) {
    List<String> command = new ArrayList<>();
    loader()
        .ifPresent(loader -> {
          command.addAll(List.of(loader.toString(), "--library-path", libraries()));
        });
    command.add(program);
    return command;
  }

  private Optional<Path> loader() {
    // What is in lib64 may be a link that would lead to the host's own.
    List<Path> places = new ArrayList<>(entries(directory.resolve("usr/lib"), "*-linux-gnu*"));
    places.add(directory.resolve("usr/lib"));
    places.add(directory.resolve("usr/lib64"));
    for (Path place : places) {
      List<Path> found = entries(place, "ld-linux*.so.*");
      if (!found.isEmpty()) {
        return Optional.of(found.getFirst());
      }
    }
    return Optional.empty();
  }

  private String libraries() {
    List<String> all = new ArrayList<>();
    entries(directory.resolve("usr/lib"), "*-linux-gnu*").forEach(path -> all.add(path.toString()));
    LIBRARIES.forEach(place -> all.add(directory.resolve(place).toString()));
    return String.join(":", all);
  }

  private static List<Path> entries(Path directory, String pattern) {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, pattern)) {
      entries.forEach(found::add);
    } catch (IOException missing) {
      return List.of();
    }
    found.sort(null);
    return found;
  }
}
