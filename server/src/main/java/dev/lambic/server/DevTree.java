package dev.lambic.server;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A working directory as it was at one moment: of everything in it, which file it is, how large,
 * with which mode, and when it was last changed.
 *
 * <p>The time of change is the kernel's own (ctime): no program can set it back, and every write,
 * rename, removal and change of mode moves it, of the file or of its directory. So two equal looks
 * mean that nothing was changed between them, as long as the later change could not get the same
 * time as an earlier one; see {@link #unsettledFor}. Symbolic links are looked at, never followed.
 */
final class DevTree {
  /** More would make every invocation wait for the look at them. */
  static final int MAX_ENTRIES = 50_000;

  /** Twice what the coarsest kernel clock needs for its next tick. */
  private static final Duration TICK = Duration.ofMillis(25);

  /** For file systems that keep whole seconds, or every second one. */
  private static final Duration COARSE_TICK = Duration.ofMillis(2100);

  private static final int TYPE = 0170000;
  private static final int DIRECTORY = 0040000;
  private static final int FILE = 0100000;
  private static final int LINK = 0120000;
  private static final int READ_BY_OTHERS = 0004;
  private static final int ENTER_BY_OTHERS = 0005;
  private static final int SHOWN = 3;

  private record Stamp(long inode, long size, int mode, FileTime changed) {}

  private final Map<String, Stamp> entries = new HashMap<>();
  private final List<String> unreadable = new ArrayList<>();
  private Instant newest = Instant.MIN;
  private boolean fine;

  private DevTree() {}

  /**
   * Looks at the whole tree.
   *
   * @throws LambicException for the caller, if the directory is gone, too large, cannot be read by
   *     functions at all, or has something in it that leads out of it
   */
  static DevTree look(Path root) {
    DevTree tree = new DevTree();
    try {
      tree.walk(root);
      return tree;
    } catch (NoSuchFileException | NotDirectoryException e) {
      throw refused("The directory " + root + " is not there any more.", e);
    } catch (IOException e) {
      throw refused("The directory " + root + " cannot be read: " + reason(e), e);
    }
  }

  private static String reason(IOException e) {
    if (e instanceof FileSystemException file && file.getReason() != null) {
      return file.getFile() + ": " + file.getReason();
    }
    return String.valueOf(e.getMessage());
  }

  private void walk(Path root) throws IOException {
    if (add(root, "") != DIRECTORY) {
      throw new NotDirectoryException(root.toString());
    }
    if (!unreadable.isEmpty()) {
      throw refused(
          "Functions cannot read "
              + root
              + ", for they run as another user. Let others read it: chmod -R o+rX "
              + root,
          null);
    }
    Deque<Path> open = new ArrayDeque<>(List.of(root));
    for (Path directory = open.poll(); directory != null; directory = open.poll()) {
      try (DirectoryStream<Path> children = Files.newDirectoryStream(directory)) {
        for (Path child : children) {
          if (add(child, root.relativize(child).toString()) == DIRECTORY) {
            open.add(child);
          }
        }
      } catch (DirectoryIteratorException e) {
        throw e.getCause();
      } catch (NoSuchFileException e) {
        // Removed meanwhile, which has changed the directory that it was in.
        if (directory.equals(root)) {
          throw e;
        }
      }
    }
  }

  /** The type of what was added; 0 if it is gone. */
  private int add(Path path, String name) throws IOException {
    Map<String, Object> found;
    try {
      found = Files.readAttributes(path, "unix:ino,size,mode,ctime", LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      if (name.isEmpty()) {
        throw e;
      }
      return 0;
    }
    int mode = (Integer) Objects.requireNonNull(found.get("mode"));
    FileTime changed = (FileTime) Objects.requireNonNull(found.get("ctime"));
    int type = mode & TYPE;
    if (type != DIRECTORY && type != FILE && type != LINK) {
      throw refused(
          path
              + " is neither a file nor a directory nor a link. A function must not reach sockets,"
              + " pipes and devices of this machine; move it elsewhere.",
          null);
    }
    int needed = type == DIRECTORY ? ENTER_BY_OTHERS : READ_BY_OTHERS;
    if (type != LINK && (mode & needed) != needed) {
      unreadable.add(name);
    }
    Stamp stamp =
        new Stamp(
            (Long) Objects.requireNonNull(found.get("ino")),
            (Long) Objects.requireNonNull(found.get("size")),
            mode,
            changed);
    entries.put(name, stamp);
    if (entries.size() > MAX_ENTRIES) {
      throw refused(
          "The directory has more than "
              + MAX_ENTRIES
              + " files and directories, too many to be looked at for every invocation.",
          null);
    }
    Instant at = changed.toInstant();
    fine |= changed.to(TimeUnit.NANOSECONDS) % 1_000_000_000 != 0;
    newest = at.isAfter(newest) ? at : newest;
    return type;
  }

  /** How long after a change the next one surely has another time. */
  private Duration tick() {
    return fine ? TICK : COARSE_TICK;
  }

  /**
   * Whether whatever is changed after this look is seen by the next one.
   *
   * @param began before the look
   * @return null if so; else how long to wait before another look that may be
   */
  @Nullable Duration unsettledFor(Instant began) {
    Duration age = Duration.between(newest, began);
    return age.compareTo(tick()) >= 0 ? null : tick().minus(age);
  }

  /** Whether nothing was changed between the two. */
  boolean same(@Nullable DevTree other) {
    return other != null && entries.equals(other.entries);
  }

  /** What functions cannot read, for people; empty if nothing. */
  String unreadable() {
    return list(unreadable);
  }

  /** What was changed since an earlier look, for people. */
  String difference(DevTree before) {
    List<String> names = new ArrayList<>();
    entries.forEach((name, stamp) -> {
      Stamp old = before.entries.get(name);
      // A directory's change is told by what was changed in it.
      if (!stamp.equals(old) && (old == null || (stamp.mode & TYPE) != DIRECTORY)) {
        names.add(name);
      }
    });
    for (String name : before.entries.keySet()) {
      if (!entries.containsKey(name)) {
        names.add(name + " (removed)");
      }
    }
    return names.isEmpty() ? "the directory itself" : list(names);
  }

  private static String list(List<String> names) {
    List<String> sorted = names.stream().sorted().toList();
    if (sorted.size() <= SHOWN) {
      return String.join(", ", sorted);
    }
    return String.join(", ", sorted.subList(0, SHOWN))
        + " and "
        + (sorted.size() - SHOWN)
        + " more";
  }

  private static LambicException refused(String message, @Nullable IOException cause) {
    return new LambicException(
        "ResourceConflictException", Blame.CALLER, message, Map.of("Type", "User"), cause);
  }
}
