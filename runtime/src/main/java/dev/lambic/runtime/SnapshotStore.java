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
import dev.lambic.sandbox.ReadOnlyMount;
import dev.lambic.sandbox.Sandbox;
import dev.lambic.sandbox.SandboxProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The snapshots of initialised environments: directories that are named by all that they depend on.
 *
 * <p>What a snapshot depends on is the function's code and configuration, the runtime, the kernel,
 * and criu; another of these has another name, and the old one is not found any more. A snapshot is
 * used only if each of its files has the size and the age that it was written with. Of too many,
 * the ones that were not used for longest go. Safe for use by many threads.
 */
public final class SnapshotStore {
  private static final String META = "snapshot.json";
  private static final JsonFactory JSON = new JsonFactory();

  private final Path directory;
  private final Criu criu;
  private final String host;
  private final long maxBytes;
  private final FaultHandler faults;
  private final Consumer<String> told;
  private final Map<String, Snapshot> known = new ConcurrentHashMap<>();

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
    this.host = System.getProperty("os.version") + " " + age(criu.directory().resolve("criu"));
    try {
      Files.createDirectories(directory);
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
      try (Stream<Path> left = Files.list(directory)) {
        left.filter(one -> !Files.exists(one.resolve(META))).forEach(this::delete);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * A snapshot that can be restored.
   *
   * @param criu restores it
   * @param directory where its files are
   * @param files size and time of the last change of each
   * @param token see {@link SnapStart.Mode#token}
   * @param version whose it is, for the time when that is deleted
   */
  record Snapshot(
      Criu criu,
      Path directory,
      Checkpoint checkpoint,
      Map<String, String> files,
      String token,
      String version) {
    SandboxProcess restore(Sandbox sandbox, OutputListener output) {
      return sandbox.restore(criu, directory, checkpoint, output);
    }

    /** Whether the files are those that were written. */
    boolean isWhole() {
      return files.entrySet().stream()
          .allMatch(file -> age(directory.resolve(file.getKey())).equals(file.getValue()));
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
      checkpoint = checkpointer.checkpoint(criu, part);
    }

    /** Makes it the one that is found; deletes it if nothing was written. */
    public boolean finish() {
      Checkpoint of = checkpoint;
      if (of == null) {
        delete(part);
        return false;
      }
      try {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.list(part)) {
          all.filter(Files::isRegularFile).forEach(f -> files.put(fileName(f), age(f)));
        }
        Snapshot made = new Snapshot(criu, directory.resolve(name), of, files, token, version);
        Files.write(part.resolve(META), json(made));
        delete(made.directory());
        Files.move(part, made.directory(), StandardCopyOption.ATOMIC_MOVE);
        known.put(name, made);
        makeRoom(name);
        return true;
      } catch (IOException e) {
        faults.fault("snapshot of " + version, e);
        delete(part);
        return false;
      }
    }
  }

  /** What writes a sandbox down. */
  @FunctionalInterface
  interface Checkpointer {
    Checkpoint checkpoint(Criu criu, Path images);
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
    try {
      return new Writing(name(spec), version(spec), running.token());
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
      spoilt(
          found,
          new LambicException("SnapshotFailure", Blame.PLATFORM, "its files were changed or lost"));
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
      spoilt(found, why);
    }
  }

  /** Takes a snapshot away that could not be restored. */
  void spoilt(Snapshot snapshot, LambicException why) {
    told.accept("The snapshot of " + snapshot.version() + " is given up: " + why.getMessage());
    known.remove(fileName(snapshot.directory()), snapshot);
    delete(snapshot.directory());
  }

  /** Deletes the snapshots of a version. */
  public void forget(String account, String region, String functionName, String version) {
    String of = version(account, region, functionName, version);
    try (Stream<Path> all = Files.list(directory)) {
      for (Path one : all.toList()) {
        Snapshot snapshot = known.getOrDefault(fileName(one), read(fileName(one)));
        if (snapshot != null && snapshot.version().equals(of)) {
          known.remove(fileName(one));
          delete(one);
        }
      }
    } catch (IOException e) {
      faults.fault("deleting snapshots of " + of, e);
    }
  }

  private static String version(EnvironmentSpec spec) {
    return version(spec.account(), spec.region(), spec.functionName(), spec.version());
  }

  private static String version(String account, String region, String name, String version) {
    return region + ":" + account + ":function:" + name + ":" + version;
  }

  /** Another name for whatever would make another environment. */
  private String name(EnvironmentSpec spec) {
    List<String> parts = new ArrayList<>(List.of(host, version(spec), spec.role(), spec.handler()));
    parts.add(spec.memoryMb() + " " + spec.tmpMb() + " " + spec.logSettings());
    parts.add(new TreeMap<>(spec.variables()).toString());
    parts.add(spec.code() + " " + spec.opt());
    RuntimeTarget target = spec.target();
    target.root().ifPresent(root -> parts.add(root.directory() + " " + age(root.directory())));
    parts.add(target.identifier() + " " + target.command(spec));
    parts.add(new TreeMap<>(target.variables()).toString());
    for (ReadOnlyMount mount : target.mounts()) {
      parts.add(mount.target() + " " + mount.source() + " " + age(mount.source()));
    }
    parts.add(age(Path.of(target.argv().isEmpty() ? "/" : target.argv().getFirst())));
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      parts.forEach(part -> {
        sha.update(part.getBytes(StandardCharsets.UTF_8));
        sha.update((byte) 0);
      });
      return HexFormat.of().formatHex(sha.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Tells whether a file or directory is still the same. */
  private static String age(Path file) {
    try {
      BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
      return (found.isRegularFile() ? found.size() : 0) + " " + found.lastModifiedTime().toMillis();
    } catch (IOException e) {
      return "none";
    }
  }

  private static String fileName(Path path) {
    return String.valueOf(path.getFileName());
  }

  private static byte[] json(Snapshot of) {
    return Json.object(json -> {
      json.writeNumberField("pid", of.checkpoint().pid());
      json.writeStringField("pipe", Long.toString(of.checkpoint().pipe()));
      json.writeStringField("token", of.token());
      json.writeStringField("version", of.version());
      json.writeObjectFieldStart("files");
      for (Map.Entry<String, String> file : of.files().entrySet()) {
        json.writeStringField(file.getKey(), file.getValue());
      }
      json.writeEndObject();
    });
  }

  private @Nullable Snapshot read(String name) {
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
      return new Snapshot(
          criu,
          from,
          new Checkpoint(
              Integer.parseInt(own.getOrDefault("pid", "")),
              Long.parseLong(own.getOrDefault("pipe", ""))),
          Map.copyOf(files),
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
          all.filter(one -> !fileName(one).equals(newest))
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
        known.remove(fileName(oldest));
        delete(oldest);
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

  /** It is used no more; what still reads it has it open. */
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
