package dev.lambic.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The root file system of a container image or of an installed runtime, which an environment has in
 * place of the host's programs.
 *
 * @param directory the unpacked image on the host; nobody changes it
 * @param variables environment variables of the image
 * @param workingDirectory where the program is started, inside
 * @param wholeFunction whether the function is the image; else the image is a runtime, and the
 *     function's code is put into it
 */
public record ContainerRoot(
    Path directory, Map<String, String> variables, String workingDirectory, boolean wholeFunction) {
  private static final int MAX_LINKS = 40;

  /** Copies the variables. */
  public ContainerRoot {
    variables = Map.copyOf(variables);
  }

  /**
   * What is at an absolute path inside; symbolic links are followed as they are inside, so the
   * result is never outside the image.
   *
   * @return its path on the host, or nothing if there is nothing
   */
  public Optional<Path> find(String inside) {
    Deque<String> left = new ArrayDeque<>(components(inside));
    Path here = directory;
    int links = 0;
    while (!left.isEmpty()) {
      String name = left.removeFirst();
      if (name.equals("..")) {
        Path parent = here.getParent();
        here = here.equals(directory) || parent == null ? directory : parent;
        continue;
      }
      Path next = here.resolve(name);
      if (!Files.exists(next, LinkOption.NOFOLLOW_LINKS)) {
        return Optional.empty();
      }
      if (Files.isSymbolicLink(next)) {
        String target = target(next);
        if (target.isEmpty() || ++links > MAX_LINKS) {
          return Optional.empty();
        }
        components(target).reversed().forEach(left::addFirst);
        here = target.startsWith("/") ? directory : here;
      } else {
        here = next;
      }
    }
    return Optional.of(here);
  }

  /**
   * The program of a name, as an entry point has it.
   *
   * @param path where names without a slash are looked for, as PATH has it
   * @return its path inside; nothing if there is none on the path. That a name with a slash leads
   *     to a program is not seen to
   */
  Optional<String> program(String name, String path) {
    if (name.startsWith("/")) {
      return Optional.of(name);
    }
    if (name.contains("/")) {
      return Optional.of(workingDirectory.replaceFirst("/*$", "") + "/" + name);
    }
    for (String each : path.split(":", -1)) {
      if (each.startsWith("/") && !name.isEmpty()) {
        String candidate = each.replaceFirst("/*$", "") + "/" + name;
        if (isProgram(candidate)) {
          return Optional.of(candidate);
        }
      }
    }
    return Optional.empty();
  }

  /** The program of a name, which is there and can be executed; by its path inside. */
  public Optional<String> program(String name) {
    String path = variables.getOrDefault("PATH", ContainerProgram.DEFAULT_PATH);
    return program(name, path).filter(this::isProgram);
  }

  private boolean isProgram(String inside) {
    return find(inside)
        .filter(found -> Files.isRegularFile(found) && Files.isExecutable(found))
        .isPresent();
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException unreadable) {
      return "";
    }
  }

  private static List<String> components(String path) {
    return List.of(path.split("/", -1)).stream()
        .filter(each -> !each.isEmpty() && !each.equals("."))
        .toList();
  }
}
