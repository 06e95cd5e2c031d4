package dev.lambic.runtime;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.LambicException;
import dev.lambic.sandbox.Checkpoint;
import dev.lambic.sandbox.Criu;
import dev.lambic.sandbox.OutputListener;
import dev.lambic.sandbox.Sandbox;
import dev.lambic.sandbox.SandboxException;
import dev.lambic.sandbox.SandboxProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The snapshots of initialised environments: directories that are named by all that they depend on.
 *
 * <p>What a snapshot depends on is the function's code and configuration, the runtime, the kernel,
 * the processor and criu; another of these has another name, and the old one is not found any more.
 * A snapshot is used only if each of its files has the size and the age that it was written with,
 * those of {@code /tmp} included, and is on the disk before it has its name. Of too many, the ones
 * that were not used for longest go. One that is taken away is not found from that moment on, and
 * is deleted when nobody restores from it any more. Safe for use by many threads.
 */
public final class SnapshotStore {
  private static final String META = "snapshot.json";
  private static final JsonFactory JSON = new JsonFactory();
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
  private static final Pattern NAME = Pattern.compile("[0-9a-f]{64}");

  /** More would not be restored in the time that there is for it. */
  private static final long MOST_MEMORY = 2L << 30;

  /** So often in a row a restore may fail for what need not be the snapshot's fault. */
  private static final int PATIENCE = 3;

  private final Path directory;
  private final Criu criu;
  private final SnapshotName names;
  private final long maxBytes;
  private final FaultHandler faults;
  private final Consumer<String> told;
  private final Map<String, Snapshot> known = new ConcurrentHashMap<>();
  private final AtomicLong taken = new AtomicLong();

  /**
   * A store in a directory, which is made if it is missing.
   *
   * @param maxBytes how much all snapshots may take on the disk
   * @param told hears of snapshots that could not be used, in words for a person
   */
  public SnapshotStore(
      Path directory, Criu criu, long maxBytes, FaultHandler faults, Consumer<String> told) {
    this.told = told;
    this.directory = directory;
    this.criu = criu;
    this.maxBytes = maxBytes;
    this.faults = faults;
    this.names =
        new SnapshotName(
            System.getProperty("os.version")
                + " "
                + SnapshotName.processor(CPU_INFO)
                + " "
                + SnapshotName.age(criu.directory().resolve("criu")));
    try {
      Files.createDirectories(directory);
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
      try (Stream<Path> left = Files.list(directory)) {
        left.filter(one -> !isName(fileName(one)) || !Files.exists(one.resolve(META)))
            .forEach(this::delete);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A snapshot that can be restored, for as long as it is not taken away. */
  static final class Snapshot {
    private final Criu criu;
    private final Checkpoint checkpoint;
    private final Map<String, String> files;
    private final String token;
    private final String version;
    private final Consumer<Path> deleter;

    /** Where its files are; this and what follows is guarded by this object. */
    private Path directory;

    private int readers;
    private int failures;
    private boolean taken;

    /**
     * A snapshot.
     *
     * @param criu restores it
     * @param directory where its files are
     * @param files the state of each, see {@link SnapshotFiles}
     * @param token see {@link SnapStart.Mode#token}
     * @param version whose it is, for the time when that is deleted
     * @param deleter deletes the directory
     */
    Snapshot(
        Criu criu,
        Path directory,
        Checkpoint checkpoint,
        Map<String, String> files,
        String token,
        String version,
        Consumer<Path> deleter) {
      this.criu = criu;
      this.directory = directory;
      this.checkpoint = checkpoint;
      this.files = files;
      this.token = token;
      this.version = version;
      this.deleter = deleter;
    }

    /** See {@link SnapStart.Mode#token}. */
    String token() {
      return token;
    }

    String version() {
      return version;
    }

    synchronized Path directory() {
      return directory;
    }

    /**
     * Restores it.
     *
     * @throws LambicException if it cannot be, or was taken away
     */
    SandboxProcess restore(Sandbox sandbox, OutputListener output) {
      Path images = begin();
      try {
        return sandbox.restore(criu, images, checkpoint, output);
      } catch (SandboxException e) {
        // What had ended before says nothing.
        if (!e.step().equals(SandboxException.DEAD)) {
          failed();
        }
        throw e;
      } finally {
        end();
      }
    }

    private synchronized Path begin() {
      if (taken) {
        throw new LambicException("SnapshotFailure", Blame.PLATFORM, "it was just given up");
      }
      readers++;
      return directory;
    }

    private void end() {
      Path left;
      synchronized (this) {
        readers--;
        left = taken && readers == 0 ? directory : null;
      }
      if (left != null) {
        deleter.accept(left);
      }
    }

    /** A copy could not be made, or was killed before it went on. */
    synchronized void failed() {
      failures++;
    }

    /** A copy goes on where the template had stopped. */
    synchronized void goesOn() {
      failures = 0;
    }

    /** Whether it has failed too often in a row to be kept, whatever the reasons were. */
    synchronized boolean hasFailedOften() {
      return failures >= PATIENCE;
    }

    /** Its files lie elsewhere now, and nobody begins to use it any more. */
    private synchronized void take(Path to) {
      directory = to;
      taken = true;
    }

    /** Deletes what was taken away, at once or when the last has ended who uses it. */
    private void discard() {
      Path left;
      synchronized (this) {
        left = readers == 0 ? directory : null;
      }
      if (left != null) {
        deleter.accept(left);
      }
    }

    /** Whether the files are those that were written. */
    boolean isWhole() {
      Path of = directory();
      return files.entrySet().stream()
          .allMatch(file -> SnapshotFiles.state(of.resolve(file.getKey())).equals(file.getValue()));
    }
  }

  /** A snapshot while it is made. */
  public final class Writing {
    private final String name;
    private final String version;
    private final String token;
    private @Nullable Checkpoint checkpoint;
    private final Path part;

    Writing(String name, String version, String token) throws IOException {
      this.name = name;
      this.version = version;
      this.token = token;
      this.part = Files.createTempDirectory(directory, name.substring(0, 12) + ".part");
    }

    /** Writes a template down. */
    void checkpoint(Checkpointer checkpointer) {
      checkpoint = checkpointer.checkpoint(criu, part, MOST_MEMORY);
    }

    /** Makes it the one that is found; deletes it if nothing was written. */
    public boolean finish() {
      Checkpoint of = checkpoint;
      if (of == null) {
        delete(part);
        return false;
      }
      try {
        Snapshot made =
            snapshot(directory.resolve(name), of, SnapshotFiles.of(part), token, version);
        Files.write(part.resolve(META), json(made));
        SnapshotFiles.sync(part);
        takeAway(name, former -> true);
        place(part, name, made);
        SnapshotFiles.syncOne(directory);
        makeRoom(name);
        return true;
      } catch (IOException e) {
        faults.fault("snapshot of " + version, e);
        delete(part);
        return false;
      }
    }
  }

  /** Gives it its name; whoever looks for that at the same time finds this very one. */
  private void place(Path part, String name, Snapshot made) throws IOException {
    try {
      known.compute(
          name,
          (same, now) -> {
            delete(made.directory()); // what is there is none
            try {
              Files.move(part, made.directory(), StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
            return made;
          });
    } catch (UncheckedIOException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** What writes a sandbox down. */
  @FunctionalInterface
  interface Checkpointer {
    Checkpoint checkpoint(Criu criu, Path images, long memoryBytes);
  }

  /** Whether there is a snapshot that such environments would be started from. */
  public boolean has(EnvironmentSpec spec) {
    return find(spec) != null;
  }

  /** Begins a snapshot of the template. */
  public Writing write(EnvironmentSpec spec, Environment template) {
    if (!(template instanceof Running running)) {
      throw new IllegalStateException("not a template");
    }
    return write(spec, running.token());
  }

  /** The same for a template with that token. */
  Writing write(EnvironmentSpec spec, String token) {
    try {
      return new Writing(name(spec), version(spec), token);
    } catch (IOException e) {
      throw new LambicException(
          "SnapshotFailure", Blame.PLATFORM, "snapshot: " + e.getMessage(), e);
    }
  }

  /** The snapshot that such environments are started from; null if there is none that is whole. */
  @Nullable Snapshot find(EnvironmentSpec spec) {
    String name = name(spec);
    Snapshot found = known.computeIfAbsent(name, this::read);
    if (found == null) {
      return null;
    }
    if (!found.isWhole()) {
      giveUp(
          found,
          new LambicException("SnapshotFailure", Blame.PLATFORM, "its files were changed or lost"));
      return null;
    }
    if (found.hasFailedOften()) {
      giveUp(
          found,
          new LambicException(
              "SnapshotFailure", Blame.PLATFORM, "its copies end before they go on"));
      return null;
    }
    try {
      Files.setLastModifiedTime(found.directory(), FileTime.from(Instant.now()));
    } catch (IOException e) {
      // Then it seems older than it is.
    }
    return found;
  }

  /** Takes a snapshot away that does not work. */
  public void giveUp(EnvironmentSpec spec, LambicException why) {
    Snapshot found = find(spec);
    if (found != null) {
      giveUp(found, why);
    }
  }

  private void giveUp(Snapshot snapshot, LambicException why) {
    if (takeAway(fileName(snapshot.directory()), now -> now == snapshot)) {
      told.accept("The snapshot of " + snapshot.version() + " is given up: " + why.getMessage());
    }
  }

  /**
   * A snapshot could not be restored. It is taken away if that is its own fault, or if it has
   * failed in a row too often; what the host lacked for a moment is told only.
   */
  void spoilt(Snapshot snapshot, LambicException why) {
    boolean own = why instanceof SandboxException e && e.speaksOfImages();
    if (own || snapshot.hasFailedOften()) {
      giveUp(snapshot, why);
    } else {
      told.accept(
          "A copy of the snapshot of "
              + snapshot.version()
              + " could not be made: "
              + why.getMessage());
    }
  }

  /** Deletes the snapshots of a version. */
  public void forget(String account, String region, String functionName, String version) {
    String of = version(account, region, functionName, version);
    try (Stream<Path> all = Files.list(directory)) {
      all.toList().forEach(one -> takeAway(fileName(one), found -> found.version().equals(of)));
    } catch (IOException e) {
      faults.fault("deleting snapshots of " + of, e);
    }
  }

  /**
   * Takes the snapshot away that has the name now, if it is one that is meant.
   *
   * @return whether it was
   */
  private boolean takeAway(String name, Predicate<Snapshot> meant) {
    List<Snapshot> found = new ArrayList<>();
    // Nobody finds it again between its end here and that on the disk.
    known.compute(
        name,
        (same, now) -> {
          Snapshot there = now == null ? read(name) : now;
          if (there == null || !meant.test(there)) {
            return now;
          }
          Path aside = directory.resolve(name + ".old" + taken.incrementAndGet());
          try {
            Files.move(there.directory(), aside, StandardCopyOption.ATOMIC_MOVE);
          } catch (IOException e) {
            // Somebody else has deleted it; what is left of it is deleted below.
            aside = there.directory();
          }
          there.take(aside);
          found.add(there);
          return null;
        });
    found.forEach(Snapshot::discard);
    return !found.isEmpty();
  }

  private static String version(EnvironmentSpec spec) {
    return version(spec.account(), spec.region(), spec.functionName(), spec.version());
  }

  private static String version(String account, String region, String name, String version) {
    return region + ":" + account + ":function:" + name + ":" + version;
  }

  /** Another name for whatever would make another environment. */
  String name(EnvironmentSpec spec) {
    return names.of(spec, version(spec));
  }

  private static String fileName(Path path) {
    return String.valueOf(path.getFileName());
  }

  private static byte[] json(Snapshot of) {
    return Json.object(json -> {
      json.writeNumberField("pid", of.checkpoint.pid());
      json.writeStringField("pipe", Long.toString(of.checkpoint.pipe()));
      json.writeStringField("token", of.token);
      json.writeStringField("version", of.version);
      json.writeObjectFieldStart("files");
      for (Map.Entry<String, String> file : of.files.entrySet()) {
        json.writeStringField(file.getKey(), file.getValue());
      }
      json.writeEndObject();
    });
  }

  private static boolean isName(String name) {
    return NAME.matcher(name).matches();
  }

  private Snapshot snapshot(
      Path from, Checkpoint checkpoint, Map<String, String> files, String token, String version) {
    return new Snapshot(criu, from, checkpoint, Map.copyOf(files), token, version, this::delete);
  }

  private @Nullable Snapshot read(String name) {
    if (!isName(name)) {
      return null;
    }
    Path from = directory.resolve(name);
    try (JsonParser json = JSON.createParser(Files.readAllBytes(from.resolve(META)))) {
      Map<String, String> own = new TreeMap<>();
      Map<String, String> files = new TreeMap<>();
      int depth = 0;
      for (JsonToken next = json.nextToken(); next != null; next = json.nextToken()) {
        if (next == JsonToken.START_OBJECT) {
          depth++;
        } else if (next == JsonToken.END_OBJECT) {
          depth--;
        } else if (next.isScalarValue()) {
          (depth == 1 ? own : files).put(json.currentName(), json.getText());
        }
      }
      return snapshot(
          from,
          new Checkpoint(
              Integer.parseInt(own.getOrDefault("pid", "")),
              Long.parseLong(own.getOrDefault("pipe", ""))),
          files,
          own.getOrDefault("token", ""),
          own.getOrDefault("version", ""));
    } catch (IOException | NumberFormatException e) {
      // There is none, or what there is cannot be used.
      return null;
    }
  }

  private void makeRoom(String newest) {
    try (Stream<Path> all = Files.list(directory)) {
      List<Path> old =
          all.filter(one -> isName(fileName(one)) && !fileName(one).equals(newest))
              .sorted(Comparator.comparingLong(one -> one.toFile().lastModified()))
              .toList();
      long total = bytes(directory.resolve(newest));
      List<Path> kept = new ArrayList<>(old);
      for (Path one : old) {
        total += bytes(one);
      }
      while (total > maxBytes && !kept.isEmpty()) {
        Path oldest = kept.removeFirst();
        total -= bytes(oldest);
        if (!takeAway(fileName(oldest), found -> true)) {
          delete(oldest); // it was none
        }
      }
    } catch (IOException e) {
      faults.fault("snapshots", e);
    }
  }

  private static long bytes(Path of) throws IOException {
    long[] total = {0};
    Files.walkFileTree(
        of,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes found) {
            total[0] += found.size();
            return FileVisitResult.CONTINUE;
          }
        });
    return total[0];
  }

  private void delete(Path what) {
    if (!Files.exists(what)) {
      return;
    }
    try {
      Files.walkFileTree(
          what,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes found)
                throws IOException {
              Files.delete(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path done, @Nullable IOException e)
                throws IOException {
              Files.delete(done);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      faults.fault("deleting " + what, e);
    }
  }
}
