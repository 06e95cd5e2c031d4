package dev.lambic.runtime;

import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.sandbox.ReadOnlyMount;
import dev.lambic.sandbox.Sandboxes;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What functions and their layers consist of, compiled ahead of their environments, which see it
 * read-only and would compile their sources at every start.
 *
 * <p>An entry is a directory that is named by the digest of the package, which never changes, by
 * the interpreter and by how it is compiled. It depends on nothing else: not on a function, its
 * variables or its account, and nothing of a function runs while it is made. So whoever deploys the
 * same package may have the same entry. It is there wholly or not at all: written aside, synced and
 * renamed. One that is missing is made in the background, one after the other, and no call waits
 * for it; accounts take turns. It goes with its package, or when there are too many and it was not
 * used for longest since the server was started. Uses are not kept for longer: whoever has the same
 * package could see them.
 *
 * <p>Safe for use by many threads; nothing but {@link #close} waits.
 */
public final class CodeCache implements AutoCloseable {
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
  private static final String UNFINISHED = "unfinished-";
  private static final int MAX_WAITING = 4096;
  private static final int MAX_WAITING_OF_ACCOUNT = 256;
  private static final int MAX_FAILED = 16_384;
  private static final long NEVER = Long.MAX_VALUE;
  private static final long FAILED_NANOS = TimeUnit.MINUTES.toNanos(15);
  private static final long MOST_FAILED_NANOS = TimeUnit.DAYS.toNanos(1);
  private static final long BLOCK_BYTES = 4096;

  /** Calls go first: while environments are started, and for so long after, nothing is compiled. */
  private static final long CALM_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private static final long MOST_CALM_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** Who has just been given an entry has mounted it by then. */
  private static final long DOOMED_NANOS = TimeUnit.MINUTES.toNanos(1);

  private static final long SWEEP_NANOS = TimeUnit.MINUTES.toNanos(1);
  private static final long JOIN_MILLIS = 30_000;

  private final Path directory;
  private final Path trees;
  private final long maxBytes;
  private final Services services;
  private final CodeCompiler compiler;
  private final Map<CompiledLanguage, String> makers = new HashMap<>();
  private final Map<String, Entry> known = new ConcurrentHashMap<>();
  private final Object lock = new Object();

  // Guarded by the lock.
  private final Turns<Wanted> waiting = new Turns<>(MAX_WAITING_OF_ACCOUNT, MAX_WAITING);
  private final Map<String, Failure> failed = new LinkedHashMap<>();
  private final Map<Path, Long> doomed = new HashMap<>();
  private long lastStart;
  private int made;
  private boolean closed;
  private @Nullable Thread worker;

  /** An entry that is there. */
  private static final class Entry {
    final Path directory;
    final long bytes;
    volatile long used;

    Entry(Path directory, long bytes, long used) {
      this.directory = directory;
      this.bytes = bytes;
      this.used = used;
    }
  }

  /** An entry that may have to be made. */
  private record Wanted(
      String account,
      String name,
      CompiledLanguage language,
      RuntimeTarget target,
      Path tree,
      boolean layers) {}

  /** When it may be tried again: so long after then, or {@link #NEVER}. */
  private record Failure(long when, long waitNanos) {
    boolean isOver(long now) {
      return waitNanos != NEVER && now - when > waitNanos;
    }
  }

  /** What came of making an entry. */
  private enum Outcome {
    DONE,
    /** It is not worth it, or the compiler says no. */
    NEVER_AGAIN,
    /** The host may do it later. */
    LATER,
    /** The package is not there, or was not all the while. */
    NO_PACKAGE
  }

  /**
   * The entries of a directory, which is made if it is missing.
   *
   * @param trees the directory of the unpacked packages, which are named by their SHA-256; what
   *     lies elsewhere may change and is never compiled
   * @param maxBytes how much all entries may take on the disk
   * @throws UncheckedIOException if the directory cannot be used
   */
  public CodeCache(
      Path directory,
      Path trees,
      long maxBytes,
      Sandboxes sandboxes,
      Ticker ticker,
      Ids ids,
      FaultHandler faults) {
    this.directory = directory;
    this.trees = trees;
    this.maxBytes = maxBytes;
    this.services = new Services(ticker, ids, faults, new ByteBudget(0));
    this.compiler = new CodeCompiler(sandboxes, services, CodeCompiler.PATIENCE_NANOS);
    this.lastStart = ticker.nanos();
    for (CompiledLanguage language : CompiledLanguage.values()) {
      makers.put(language, maker(language));
    }
    try {
      Files.createDirectories(directory);
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
      lookAround();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void lookAround() throws IOException {
    try (Stream<Path> all = Files.list(directory)) {
      for (Path one : (Iterable<Path>) all::iterator) {
        String name = fileName(one);
        if (name.startsWith(UNFINISHED) || !hasTree(name)) {
          delete(one);
        } else {
          known.put(name, new Entry(one, bytes(one), Files.getLastModifiedTime(one).toMillis()));
        }
      }
    }
  }

  private boolean hasTree(String name) {
    int dash = name.indexOf('-');
    return dash > 0 && Files.isDirectory(trees.resolve(name.substring(0, dash)));
  }

  /**
   * Packages may be run soon, so what is missing of them is made.
   *
   * @param account whose they are, twelve digits
   * @param code digest of the function's package
   * @param layers digest of its merged layers; null if it has none
   */
  public void expect(String account, RuntimeTarget target, String code, @Nullable String layers) {
    for (Wanted wanted :
        wanted(
            account, target, trees.resolve(code), layers == null ? null : trees.resolve(layers))) {
      if (!known.containsKey(wanted.name)) {
        ask(wanted);
      }
    }
  }

  /** What an environment that is being started sees; what is missing is made for the next. */
  List<ReadOnlyMount> mounts(EnvironmentSpec spec) {
    List<ReadOnlyMount> mounts = new ArrayList<>();
    for (Wanted wanted : wanted(spec.account(), spec.target(), spec.code(), spec.opt())) {
      Entry entry = known.get(wanted.name);
      if (entry == null) {
        ask(wanted);
      } else if (!Files.isDirectory(entry.directory)) {
        // Somebody removed it by hand.
        known.remove(wanted.name, entry);
        ask(wanted);
      } else {
        entry.used = services.ticker().instant().toEpochMilli();
        mounts.add(
            new ReadOnlyMount(
                entry.directory,
                Bootstraps.INSIDE
                    + "/"
                    + (wanted.layers ? Bootstraps.COMPILED_LAYERS : Bootstraps.COMPILED_CODE)));
      }
    }
    synchronized (lock) {
      lastStart = services.ticker().nanos();
    }
    return mounts;
  }

  /** The entries that a function can use. */
  private List<Wanted> wanted(
      String account, RuntimeTarget target, Path code, @Nullable Path layers) {
    CompiledLanguage language = CompiledLanguage.of(target);
    if (language == null || !isImmutable(code)) {
      return List.of();
    }
    String by = "-" + interpreter(language, target);
    List<Wanted> wanted = new ArrayList<>(2);
    wanted.add(new Wanted(account, fileName(code) + "-code" + by, language, target, code, false));
    if (layers != null && language.ofLayers() && isImmutable(layers)) {
      wanted.add(
          new Wanted(account, fileName(layers) + "-layers" + by, language, target, layers, true));
    }
    return wanted;
  }

  /** A directory that somebody works in is not among the unpacked packages. */
  private boolean isImmutable(Path tree) {
    return trees.equals(tree.getParent()) && DIGEST.matcher(fileName(tree)).matches();
  }

  /** Another name for an interpreter that may compile to something else. */
  private String interpreter(CompiledLanguage language, RuntimeTarget target) {
    Path program = target.program().orElseThrow();
    String text = makers.get(language) + " " + target.argv().getFirst() + " " + program;
    try {
      BasicFileAttributes now = Files.readAttributes(program, BasicFileAttributes.class);
      text += " " + now.size() + " " + now.lastModifiedTime().toMillis();
    } catch (IOException e) {
      // Then nothing can be compiled by it either.
      text += " none";
    }
    return digest(text.getBytes(java.nio.charset.StandardCharsets.UTF_8)).substring(0, 16);
  }

  /** Another name for another compiler of ours. */
  private static String maker(CompiledLanguage language) {
    String source = language.compiler();
    try (InputStream in = CodeCache.class.getResourceAsStream(source)) {
      return digest(Objects.requireNonNull(in, source).readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String digest(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  // ---- the worker ----

  private void ask(Wanted wanted) {
    synchronized (lock) {
      if (closed || hasFailed(wanted) || !waiting.add(wanted.account, wanted.name, wanted)) {
        return;
      }
      if (worker == null) {
        worker = Thread.ofPlatform().daemon().name("lambic-byte-code").start(this::work);
      }
      lock.notifyAll();
    }
  }

  private boolean hasFailed(Wanted wanted) {
    synchronized (lock) {
      Failure failure = failed.get(wanted.name);
      return failure != null && !failure.isOver(services.ticker().nanos());
    }
  }

  private void work() {
    while (true) {
      try {
        Wanted next = next();
        if (next != null) {
          make(next);
        }
        sweep();
        synchronized (lock) {
          if (closed) {
            return;
          }
        }
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException | Error e) {
        services.faults().fault("compiling ahead", e);
      }
    }
  }

  /** What is to be made, when calls leave time for it; null if it is time to sweep. */
  private @Nullable Wanted next() throws InterruptedException {
    synchronized (lock) {
      long begun = services.ticker().nanos();
      long asked = begun;
      while (!closed) {
        long now = services.ticker().nanos();
        long left;
        if (waiting.isEmpty()) {
          asked = now;
          left = begun + SWEEP_NANOS - now;
        } else {
          left = Math.min(lastStart + CALM_NANOS, asked + MOST_CALM_NANOS) - now;
        }
        if (left <= 0) {
          return waiting.next();
        }
        lock.wait(1 + TimeUnit.NANOSECONDS.toMillis(left));
      }
      return null;
    }
  }

  private void make(Wanted wanted) throws InterruptedException {
    Outcome outcome = Outcome.LATER;
    try {
      // Others may have asked for the same.
      outcome = known.containsKey(wanted.name) || hasFailed(wanted) ? Outcome.DONE : anew(wanted);
    } catch (IOException | LambicException e) {
      outcome = Files.isDirectory(wanted.tree) ? Outcome.LATER : Outcome.NO_PACKAGE;
    } finally {
      over(wanted, outcome);
    }
  }

  private Outcome anew(Wanted wanted) throws IOException, InterruptedException {
    Path finished = directory.resolve(wanted.name);
    boolean there;
    synchronized (lock) {
      there = doomed.remove(finished) != null;
    }
    if (there && Files.isDirectory(finished)) {
      return done(wanted, finished);
    }
    if (!Files.isDirectory(wanted.tree)) {
      return Outcome.NO_PACKAGE;
    }
    Path top = wanted.layers ? wanted.tree.resolve("python") : wanted.tree;
    return Files.isDirectory(top) && wanted.language.isWorth(top)
        ? compile(wanted)
        : Outcome.NEVER_AGAIN;
  }

  private Outcome done(Wanted wanted, Path finished) throws IOException {
    long now = services.ticker().instant().toEpochMilli();
    Entry entry = new Entry(finished, bytes(finished), now);
    synchronized (lock) {
      known.put(wanted.name, entry);
      failed.remove(wanted.name);
      made++;
    }
    return Outcome.DONE;
  }

  private void over(Wanted wanted, Outcome outcome) {
    synchronized (lock) {
      waiting.done(wanted.account, wanted.name);
      if (outcome == Outcome.NEVER_AGAIN || outcome == Outcome.LATER) {
        Failure before = failed.remove(wanted.name);
        long wait = NEVER;
        if (outcome == Outcome.LATER) {
          // Who always takes too long must not take much of the time of all.
          wait = before == null ? FAILED_NANOS : Math.min(4 * before.waitNanos, MOST_FAILED_NANOS);
        }
        failed.put(wanted.name, new Failure(services.ticker().nanos(), wait));
        if (failed.size() > MAX_FAILED) {
          failed.remove(failed.keySet().iterator().next());
        }
      }
    }
  }

  private Outcome compile(Wanted wanted) throws IOException, InterruptedException {
    Path part = Files.createTempDirectory(directory, UNFINISHED);
    try {
      Path printed = part.resolve("printed");
      Path into = Files.createDirectory(part.resolve("entry"));
      String place = wanted.layers ? CompiledLanguage.LAYERS : "/var/task";
      Map<String, Object> before = identity(wanted.tree);
      CodeCompiler.End end =
          compiler.compile(wanted.language, wanted.target, wanted.tree, place, printed);
      // A package is renamed before it is deleted, so of this one nothing was missing.
      if (!Files.isDirectory(wanted.tree) || !identity(wanted.tree).equals(before)) {
        return Outcome.NO_PACKAGE;
      }
      if (end == CodeCompiler.End.EARLY) {
        return Outcome.LATER;
      }
      if (end == CodeCompiler.End.BADLY || !wanted.language.accept(printed, into)) {
        return Outcome.NEVER_AGAIN;
      }
      settle(into);
      Path finished = directory.resolve(wanted.name);
      Files.move(into, finished, StandardCopyOption.ATOMIC_MOVE);
      sync(directory);
      return done(wanted, finished);
    } finally {
      delete(part);
    }
  }

  /** What tells one directory from another that took its name, or its place on the disk. */
  private static Map<String, Object> identity(Path directory) throws IOException {
    return Files.readAttributes(directory, "unix:dev,ino,ctime");
  }

  /** Lets functions read all of it, and waits until it is on the disk. */
  private static void settle(Path entry) throws IOException {
    Files.walkFileTree(
        entry,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes found)
              throws IOException {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
            sync(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path of, @Nullable IOException failure)
              throws IOException {
            Files.setPosixFilePermissions(of, PosixFilePermissions.fromString("rwxr-xr-x"));
            sync(of);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static void sync(Path path) throws IOException {
    try (FileChannel opened = FileChannel.open(path, StandardOpenOption.READ)) {
      opened.force(true);
    }
  }

  /** Takes out what is not used any more, and deletes what was taken out a while ago. */
  private void sweep() {
    List<Map.Entry<String, Entry>> oldest = new ArrayList<>(known.entrySet());
    oldest.sort(Comparator.comparingLong(one -> one.getValue().used));
    long total = oldest.stream().mapToLong(one -> one.getValue().bytes).sum();
    List<Path> over = new ArrayList<>();
    synchronized (lock) {
      long now = services.ticker().nanos();
      for (Map.Entry<String, Entry> one : oldest) {
        if (total > maxBytes || !hasTree(one.getKey())) {
          total -= one.getValue().bytes;
          known.remove(one.getKey());
          doomed.put(one.getValue().directory, now + DOOMED_NANOS);
        }
      }
      for (Iterator<Map.Entry<Path, Long>> all = doomed.entrySet().iterator(); all.hasNext(); ) {
        Map.Entry<Path, Long> one = all.next();
        if (now - one.getValue() > 0) {
          over.add(one.getKey());
          all.remove();
        }
      }
    }
    over.stream().filter(one -> !known.containsKey(fileName(one))).forEach(this::delete);
  }

  private static String fileName(Path path) {
    return String.valueOf(path.getFileName());
  }

  /** What it takes on the disk, about: whole blocks, of which directories have one. */
  private static long bytes(Path of) throws IOException {
    long[] total = {0};
    Files.walkFileTree(
        of,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path of, BasicFileAttributes found) {
            total[0] += BLOCK_BYTES;
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes found) {
            total[0] += (found.size() + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
            return FileVisitResult.CONTINUE;
          }
        });
    return total[0];
  }

  /** Whatever ends this in between, nothing of a part has the name of an entry. */
  private void delete(Path what) {
    try {
      if (Files.exists(what, LinkOption.NOFOLLOW_LINKS)) {
        deleteAll(setAside(what));
      }
    } catch (IOException e) {
      services.faults().fault("deleting " + what, e);
    }
  }

  /** Takes an entry's name from it; for tests, too. */
  static Path setAside(Path entry) throws IOException {
    if (fileName(entry).startsWith(UNFINISHED)) {
      return entry;
    }
    Path aside = Files.createTempDirectory(Objects.requireNonNull(entry.getParent()), UNFINISHED);
    Files.move(entry, aside.resolve("entry"), StandardCopyOption.ATOMIC_MOVE);
    return aside;
  }

  private static void deleteAll(Path what) throws IOException {
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
  }

  /** How many entries were made; for tests. */
  int made() {
    synchronized (lock) {
      return made;
    }
  }

  /** How many entries there are; for tests. */
  int entries() {
    return known.size();
  }

  /** Whether nothing is waiting to be made; for tests. */
  boolean isIdle() {
    synchronized (lock) {
      return waiting.isEmpty();
    }
  }

  /** Ends what is being made, and returns when that is over. */
  @Override
  public void close() {
    @Nullable Thread of;
    synchronized (lock) {
      closed = true;
      of = worker;
      lock.notifyAll();
    }
    compiler.close();
    if (of != null) {
      try {
        of.join(JOIN_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
