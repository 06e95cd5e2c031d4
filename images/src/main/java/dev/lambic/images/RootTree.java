package dev.lambic.images;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The root file system of an image: its layers put over each other in memory, then written.
 *
 * <p>Symbolic links on the way to a path are followed here, where they cannot lead further than to
 * the image's own root; on disk none is ever followed. A file is written as one more name of the
 * layer's file, so images with a layer in common share it on disk and in memory. Used by one
 * thread. Follows "Image Layer Filesystem Changeset" of the OCI image specification.
 */
final class RootTree {
  private static final int MAX_LINKS = 40;

  /** No file system that is in use has room for fewer names of a file. */
  private static final int MANY_NAMES = 1000;

  /** What is at a path. */
  private sealed interface Node {}

  private static final class Directory implements Node {
    final Map<String, Node> children = new HashMap<>();
    int mode;

    Directory(int mode) {
      this.mode = mode;
    }
  }

  /** A file of a layer, or an empty one. */
  private record Content(@Nullable Layer layer, int number) implements Node {}

  private record Link(String target) implements Node {}

  private final Directory root = new Directory(0755);
  private int entries;
  private long names;

  /** Puts a layer over those before it. */
  void add(Layer layer) throws IOException {
    // What a layer removes is of the layers below, wherever in its list that stands.
    layer.forEach(entry -> {
      switch (entry.kind()) {
        case REMOVED -> remove(entry.path());
        case OPAQUE -> {
          Directory opaque = find(entry.path(), false);
          if (opaque != null) {
            opaque.children.clear();
          }
        }
        default -> {}
      }
    });
    layer.forEach(entry -> {
      names += entry.names();
      count();
      put(layer, entry);
    });
  }

  private void count() throws IOException {
    if (++entries > Layer.MAX_ENTRIES || names > Layer.MAX_NAMES) {
      throw new IOException(
          "the image has more than " + Layer.MAX_ENTRIES + " files, or their names are too long");
    }
  }

  private void remove(List<String> path) throws IOException {
    Directory parent = path.isEmpty() ? null : parent(path, false);
    if (parent != null) {
      parent.children.remove(path.getLast());
    }
  }

  private void put(Layer layer, LayerEntry entry) throws IOException {
    List<String> path = entry.path();
    switch (entry.kind()) {
      case DIRECTORY -> {
        if (path.isEmpty()) {
          return; // the root is everybody's to read, as it must be
        }
        Directory parent = requireParent(path);
        if (parent.children.get(path.getLast()) instanceof Directory there) {
          there.mode = entry.mode();
        } else {
          parent.children.put(path.getLast(), new Directory(entry.mode()));
        }
      }
      case FILE -> place(path, new Content(layer, entry.content()));
      case SYMBOLIC_LINK -> place(path, new Link(entry.link()));
      case HARD_LINK -> {
        List<String> target = Paths.downward(entry.link());
        Directory from = target.isEmpty() ? null : parent(target, false);
        Node same = from == null ? null : from.children.get(target.getLast());
        if (same == null || same instanceof Directory) {
          throw new IOException("a hard link leads nowhere: " + Json.shortened(entry.link()));
        }
        place(path, same);
      }
      case REMOVED, OPAQUE -> {}
    }
  }

  private void place(List<String> path, Node node) throws IOException {
    if (path.isEmpty()) {
      throw new IOException("the root is no directory");
    }
    requireParent(path).children.put(path.getLast(), node);
  }

  private Directory requireParent(List<String> path) throws IOException {
    Directory parent = parent(path, true);
    if (parent == null) {
      throw new IllegalStateException("what is missing is made");
    }
    return parent;
  }

  private @Nullable Directory parent(List<String> path, boolean make) throws IOException {
    return find(path.subList(0, path.size() - 1), make);
  }

  /**
   * The directory at a path, through symbolic links.
   *
   * @param make whether what is missing, or no directory, becomes one
   */
  private @Nullable Directory find(List<String> path, boolean make) throws IOException {
    Deque<String> left = new ArrayDeque<>(path);
    Deque<Directory> way = new ArrayDeque<>(List.of(root));
    int links = 0;
    while (!left.isEmpty()) {
      String name = left.removeFirst();
      if (name.equals("..")) {
        if (way.size() > 1) {
          way.removeLast();
        }
        continue;
      }
      Directory here = way.getLast();
      Node next = here.children.get(name);
      if (next instanceof Link link) {
        if (++links > MAX_LINKS) {
          throw new IOException("symbolic links lead in a circle: " + Json.shortened(name));
        }
        List<String> target = Paths.components(link.target);
        target.reversed().forEach(left::addFirst);
        if (link.target.startsWith("/")) {
          way.clear();
          way.add(root);
        }
      } else if (next instanceof Directory directory) {
        way.addLast(directory);
      } else if (make) {
        count();
        Directory made = new Directory(0755);
        here.children.put(name, made);
        way.addLast(made);
      } else {
        return null;
      }
    }
    return way.getLast();
  }

  /**
   * Adds what every environment mounts something of its own at, in place of links and of what
   * nobody would see.
   */
  void addMountPoints() throws IOException {
    for (String hidden : List.of("dev", "proc", "tmp")) {
      root.children.put(hidden, new Directory(0755));
    }
    if (!(root.children.computeIfAbsent("etc", name -> new Directory(0755))
        instanceof Directory etc)) {
      throw new IOException("/etc is no directory");
    }
    etc.children.put("hosts", new Content(null, 0));
    etc.children.put("resolv.conf", new Content(null, 0));
    find(List.of("mnt"), true);
    find(List.of("opt"), true);
    find(List.of("var", "task"), true);
  }

  /**
   * Writes everything into an empty directory.
   *
   * @param budget how many bytes may be copied because a file has no room for one more name
   */
  void write(Path directory, long budget) throws IOException {
    long left = budget;
    record Todo(Directory from, Path to) {}
    Deque<Todo> todo = new ArrayDeque<>(List.of(new Todo(root, directory)));
    List<Todo> done = new ArrayList<>();
    while (!todo.isEmpty()) {
      Todo each = todo.removeLast();
      done.add(each);
      for (Map.Entry<String, Node> child : each.from.children.entrySet()) {
        Path to = each.to.resolve(child.getKey());
        switch (child.getValue()) {
          case Directory below -> {
            Files.createDirectory(to);
            todo.addLast(new Todo(below, to));
          }
          case Link link -> Files.createSymbolicLink(to, Path.of(link.target));
          case Content content -> {
            left -= write(content, to);
            if (left < 0) {
              throw new IOException("the image has more bytes in other names than it may");
            }
          }
        }
      }
    }
    for (Todo each : done) {
      Files.setPosixFilePermissions(each.to, Layer.permissions(each.from.mode));
    }
  }

  /** Returns how many bytes it copied. */
  private static long write(Content content, Path to) throws IOException {
    if (content.layer == null) {
      Files.createFile(to);
      Files.setPosixFilePermissions(to, Layer.permissions(0644));
      return 0;
    }
    Path file = content.layer.content(content.number);
    try {
      Files.createLink(to, file);
      return 0;
    } catch (FileSystemException e) {
      // A file can have only so many names; then there is a copy. Nothing else is a reason for one.
      if (((Number) Files.getAttribute(file, "unix:nlink")).intValue() < MANY_NAMES) {
        throw e;
      }
      Files.copy(file, to, StandardCopyOption.COPY_ATTRIBUTES);
      return Files.size(file);
    }
  }
}
