package dev.lambic.acceptance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Breaks what a server runs on: its own descendants and the snapshots in its data directory. */
final class Havoc {
  private static final String NAME = "AWS_LAMBDA_FUNCTION_NAME=";
  private static final String TMP_MAKER = "lambic-tmp";
  private static final String LAUNCHER = "launcher";

  private final RunningLambic lambic;
  private final Random random;

  Havoc(RunningLambic lambic, Random random) {
    this.lambic = lambic;
    this.random = random;
  }

  /** Kills a process of a function. Returns whether there was one. */
  boolean killRuntime() {
    return killOne(pid -> isProgram(pid) && ofFunction(pid));
  }

  /** Kills a process that belongs to no function: a stem cell, or what environments fork from. */
  boolean killReady() {
    return killOne(pid -> isProgram(pid) && !ofFunction(pid));
  }

  /** Kills the first process of a sandbox and so all of it. */
  boolean killSandbox() {
    return killOne(pid -> name(pid).equals(LAUNCHER) && name(parent(pid)).equals(LAUNCHER));
  }

  /** Kills what makes sandboxes, and so all of them. */
  boolean killLauncher() {
    return killOne(pid -> name(pid).equals(LAUNCHER) && parent(pid) == lambic.pid());
  }

  /** Kills what makes file systems for {@code /tmp}. */
  boolean killTmpMaker() {
    return killOne(pid -> name(pid).equals(TMP_MAKER));
  }

  /** Deletes, shortens or overwrites a file of a snapshot. */
  boolean breakSnapshot() {
    List<Path> files = new ArrayList<>();
    Path snapshots = lambic.data().resolve("snapshots");
    if (!Files.isDirectory(snapshots)) {
      return false;
    }
    try (Stream<Path> all = Files.walk(snapshots)) {
      all.filter(Files::isRegularFile).sorted().forEach(files::add);
    } catch (IOException | UncheckedIOException goneMeanwhile) {
      return false;
    }
    if (files.isEmpty()) {
      return false;
    }
    Path file = files.get(random.nextInt(files.size()));
    try {
      damage(file);
      return true;
    } catch (NoSuchFileException goneMeanwhile) {
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void damage(Path file) throws IOException {
    int how = random.nextInt(3);
    if (how == 0) {
      Files.delete(file);
      return;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      long size = channel.size();
      if (how == 1) {
        channel.truncate(size / 2);
        return;
      }
      byte[] garbage = new byte[(int) Math.min(size, 4096)];
      random.nextBytes(garbage);
      long at = size <= garbage.length ? 0 : random.nextLong(size - garbage.length);
      channel.write(ByteBuffer.wrap(garbage), at);
    }
  }

  private boolean killOne(Predicate<Long> wanted) {
    List<Long> found =
        ProcessTable.now().descendants(lambic.pid()).stream()
            .map(ProcessTable.Entry::pid)
            .filter(wanted)
            .sorted()
            .toList();
    if (found.isEmpty()) {
      return false;
    }
    return ProcessHandle.of(found.get(random.nextInt(found.size())))
        .map(ProcessHandle::destroyForcibly)
        .orElse(false);
  }

  /** Whether it runs in a sandbox and is not the first process there. */
  private static boolean isProgram(long pid) {
    String name = name(pid);
    String above = name(parent(pid));
    return !name.equals(LAUNCHER) && !name.equals(TMP_MAKER) && above.equals(LAUNCHER);
  }

  private static boolean ofFunction(long pid) {
    return ProcessTable.read(Path.of("/proc/" + pid + "/environ")).contains(NAME);
  }

  private static String name(long pid) {
    return ProcessTable.read(Path.of("/proc/" + pid + "/comm")).strip();
  }

  private static long parent(long pid) {
    String stat = ProcessTable.read(Path.of("/proc/" + pid + "/stat"));
    return stat.isEmpty()
        ? 0
        : Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[1]);
  }
}
