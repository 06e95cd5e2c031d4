package dev.lambic.functions;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.store.BlobId;
import dev.lambic.store.Blobs;
import dev.lambic.store.Directories;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Deployment packages and what they unpack to, each named by the package's SHA-256; and merged
 * trees of several unpacked packages, named by what they were made from.
 *
 * <p>A tree is there wholly or not at all: it is built beside its place, synced and renamed, and
 * never changed afterwards, so all environments of this host share it read-only. What no function
 * uses is removed after a grace period, but never while somebody holds a {@link Lease}. Safe for
 * use by many threads of one process, which must be the only one that uses the directory.
 *
 * <p>Design: {@code known} counts the holders of every package and notes since when it is unused.
 * The lock guards it and every rename in or out of the directory; {@link #collect} asks for the
 * used packages under the lock, and a package is held from before it is recorded until after it is
 * visible to that question, so one that is being recorded is never taken for unused.
 */
public final class CodeStore {
  /** Packages that are unpacked at one time. */
  static final int UNPACKING = 4;

  /** Fetched packages that lie beside the store at one time. */
  static final int FETCHED = 4;

  private static final String UNFINISHED = "unfinished-";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Path directory;
  private final Blobs packages;
  private final Ticker ticker;
  private final Duration grace;
  private final Semaphore unpacking = new Semaphore(UNPACKING, true);
  private final Semaphore fetched = new Semaphore(FETCHED, true);
  private final Object lock = new Object();
  private final Map<String, Use> known = new HashMap<>();
  private final Map<String, Long> sizes = new ConcurrentHashMap<>();

  /** The right to unpack or to fetch, of which there are few: each needs memory or disk. */
  interface Turn extends AutoCloseable {
    @Override
    void close();
  }

  /** Holders of one package. Guarded by the lock. */
  private static final class Use {
    int holders;
    long unusedSince;
    boolean unused;
  }

  /**
   * Keeps an unpacked package from being removed. Closed by whoever acquired it, once is enough.
   */
  public interface Lease extends AutoCloseable {
    /** The unpacked package, to be mounted read-only as {@code /var/task}. */
    Path directory();

    @Override
    void close();
  }

  private CodeStore(Path directory, Blobs packages, Ticker ticker, Duration grace) {
    this.directory = directory;
    this.packages = packages;
    this.ticker = ticker;
    this.grace = grace;
  }

  /** Where unpacked packages and merged layers lie, each in a directory of its name. */
  public static Path trees(Path directory) {
    return directory.resolve("code");
  }

  /** Uses the directory and removes what a crash left unfinished. */
  static CodeStore open(Path directory, Ticker ticker, Duration grace) {
    Path trees = trees(directory);
    try {
      Files.createDirectories(trees);
      // Functions run as unprivileged users and must be able to reach their own mounted tree.
      Files.setPosixFilePermissions(trees, PosixFilePermissions.fromString("rwx--x--x"));
      CodeStore store =
          new CodeStore(trees, Blobs.open(directory.resolve("packages")), ticker, grace);
      store.lookAround();
      return store;
    } catch (IOException e) {
      throw platform("The directory " + directory + " cannot be used for code.", e);
    }
  }

  private void lookAround() throws IOException {
    try (Stream<Path> children = Files.list(directory)) {
      for (Path child : (Iterable<Path>) children::iterator) {
        String name = child.getFileName().toString();
        if (name.startsWith(UNFINISHED)) {
          Trees.delete(child);
        } else if (BlobId.isSha256(name)) {
          known.put(name, new Use());
        }
      }
    }
    packages.ids().forEach(id -> known.computeIfAbsent(id, i -> new Use()));
  }

  /**
   * Holds the unpacked package.
   *
   * @param codeId as in {@link FunctionVersion#codeId}
   * @throws LambicException with code {@code ResourceNotFoundException} if it is not there; one who
   *     resolved the function long ago resolves it again
   */
  public Lease acquire(String codeId) {
    Lease lease = hold(codeId);
    if (Files.isDirectory(lease.directory())) {
      return lease;
    }
    lease.close();
    throw new LambicException(
        "ResourceNotFoundException", Blame.PLATFORM, "The code " + codeId + " is not unpacked.");
  }

  /**
   * Checks and unpacks a package, without keeping it yet.
   *
   * @throws software.amazon.awssdk.services.lambda.model.LambdaException if AWS would refuse it
   */
  Staged stage(byte[] zip) {
    return stage(Zip.of(zip));
  }

  /** As the other one; the package is closed when it is kept or refused. */
  Staged stage(Zip zip) {
    Lease lease = null;
    try (Turn _ = turn(unpacking)) {
      String codeId = zip.sha256();
      lease = hold(codeId);
      Path place = lease.directory();
      Path built = Files.isDirectory(place) ? place : unpack(zip);
      return new Staged(codeId, zip, built, lease);
    } catch (IOException e) {
      giveUp(zip, lease);
      throw platform("The deployment package could not be unpacked.", e);
    } catch (RuntimeException e) {
      giveUp(zip, lease);
      throw e;
    }
  }

  private static void giveUp(Zip zip, @Nullable Lease lease) {
    if (lease != null) {
      lease.close();
    }
    try {
      zip.close();
    } catch (IOException e) {
      throw platform("The deployment package could not be removed.", e);
    }
  }

  /** A file for a package that is being fetched; a crash leaves it to the next start. */
  Path temporaryFile() throws IOException {
    return Files.createTempFile(directory, UNFINISHED, ".zip");
  }

  /**
   * The right to fetch one package, to be closed once, when the file of the package is no more.
   *
   * <p>Waits for it, for a bounded time. Who has it may wait for the right to unpack, but not the
   * other way round.
   */
  Turn fetchTurn() {
    return turn(fetched);
  }

  private static Turn turn(Semaphore of) {
    try {
      if (!of.tryAcquire(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        throw new LambicException(
            "TooManyRequestsException", Blame.CAPACITY, "Too many packages are being taken.");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LambicException(
          "ServiceException", Blame.PLATFORM, "The server is being stopped.", e);
    }
    return of::release;
  }

  /** Stages a package that was kept earlier. */
  Staged restage(String codeId) {
    try {
      return stage(Zip.inFile(packages.path(codeId)));
    } catch (IOException e) {
      throw platform("The deployment package " + codeId + " cannot be read.", e);
    }
  }

  /** Whether the unpacked package is in its place. */
  boolean isReady(String codeId) {
    return Files.isDirectory(directory.resolve(codeId));
  }

  /** Makes sure that a package which was kept earlier is unpacked; its caller holds it. */
  void ensure(String codeId) {
    if (!isReady(codeId)) {
      try (Staged staged = restage(codeId)) {
        staged.publish();
      }
    }
  }

  /**
   * Makes sure that the merged tree is there.
   *
   * @throws LambicException if a part of it is not unpacked
   */
  void merge(Opt opt) {
    if (opt.parts().size() == 1) {
      acquire(opt.id()).close();
      return;
    }
    List<Lease> held = new ArrayList<>();
    try (Turn _ = turn(unpacking)) {
      Lease lease = hold(opt.id());
      held.add(lease);
      List<Path> trees = new ArrayList<>();
      for (String part : opt.parts()) {
        Lease tree = acquire(part);
        held.add(tree);
        trees.add(tree.directory());
      }
      if (!isReady(opt.id())) {
        merge(trees, lease.directory());
      }
    } catch (IOException e) {
      throw platform("The layers could not be merged.", e);
    } finally {
      held.forEach(Lease::close);
    }
  }

  private void merge(List<Path> trees, Path place) throws IOException {
    Path temporary = Files.createTempDirectory(directory, UNFINISHED);
    try {
      MergedTree.into(temporary, trees);
      Trees.syncDirectories(temporary);
      putInPlace(temporary, place);
    } finally {
      if (Files.exists(temporary)) {
        Trees.delete(temporary);
      }
    }
  }

  private void putInPlace(Path built, Path place) throws IOException {
    synchronized (lock) {
      if (!Files.isDirectory(place)) {
        Files.move(built, place, StandardCopyOption.ATOMIC_MOVE);
      }
    }
    Directories.sync(directory);
  }

  /** What all files of the unpacked package have in bytes. */
  long unpackedBytes(String codeId) {
    return sizes.computeIfAbsent(codeId, id -> size(directory.resolve(id)));
  }

  private static long size(Path tree) {
    try {
      return Trees.size(tree);
    } catch (IOException e) {
      throw platform("The unpacked code cannot be read.", e);
    }
  }

  /** Where the deployment package lies, or would lie. */
  Path packageFile(String codeId) {
    return packages.path(codeId);
  }

  /**
   * Removes what was unused for the grace period.
   *
   * @param used the packages that functions refer to now; asked while nothing can be added
   */
  void collect(Supplier<Set<String>> used) throws IOException {
    Set<Path> doomed = new HashSet<>();
    synchronized (lock) {
      long now = ticker.nanos();
      Set<String> keep = used.get();
      for (String codeId : Set.copyOf(known.keySet())) {
        Use use = known.get(codeId);
        if (use == null) {
          continue;
        }
        if (use.holders > 0 || keep.contains(codeId)) {
          use.unused = false;
        } else if (!use.unused) {
          use.unused = true;
          use.unusedSince = now;
        } else if (now - use.unusedSince >= grace.toNanos()) {
          known.remove(codeId);
          sizes.remove(codeId);
          packages.delete(codeId);
          Path tree = directory.resolve(codeId);
          if (Files.isDirectory(tree)) {
            Path aside = Files.createTempDirectory(directory, UNFINISHED).resolve("tree");
            Files.move(tree, aside, StandardCopyOption.ATOMIC_MOVE);
            doomed.add(aside.getParent());
          }
        }
      }
    }
    for (Path tree : doomed) {
      Trees.delete(tree);
    }
  }

  private Path unpack(Zip zip) throws IOException {
    Path temporary = Files.createTempDirectory(directory, UNFINISHED);
    try {
      Unzip.into(temporary, zip);
      return temporary;
    } catch (IOException | RuntimeException e) {
      Trees.delete(temporary);
      throw e;
    }
  }

  /** Holds the package, whether it is there or not yet. */
  Lease hold(String codeId) {
    Path tree = directory.resolve(codeId);
    synchronized (lock) {
      Use use = known.computeIfAbsent(codeId, id -> new Use());
      use.holders++;
      use.unused = false;
    }
    AtomicBoolean open = new AtomicBoolean(true);
    return new Lease() {
      @Override
      public Path directory() {
        return tree;
      }

      @Override
      public void close() {
        if (open.compareAndSet(true, false)) {
          release(codeId);
        }
      }
    };
  }

  private void release(String codeId) {
    synchronized (lock) {
      Use use = known.get(codeId);
      if (use != null) {
        use.holders--;
      }
    }
  }

  private static LambicException platform(String message, IOException cause) {
    return new LambicException("ServiceException", Blame.PLATFORM, message, cause);
  }

  /** A checked package on its way into the store. Used by one thread at a time. */
  final class Staged implements AutoCloseable {
    private final String codeId;
    private final long size;
    private final Path built;
    private final Lease lease;
    private @Nullable Zip zip;

    private Staged(String codeId, Zip zip, Path built, Lease lease) {
      this.codeId = codeId;
      this.size = zip.size();
      this.zip = zip;
      this.built = built;
      this.lease = lease;
    }

    /** The package's name. */
    String codeId() {
      return codeId;
    }

    /** The package's size in bytes. */
    long size() {
      return size;
    }

    /** What all files of the unpacked package have in bytes. */
    long unpackedBytes() {
      return CodeStore.size(built);
    }

    /** Makes the package itself durable, which comes before a function refers to it. */
    void keep() {
      try {
        // Many may wait to be published, and a package is large.
        try (@Nullable Zip kept = zip) {
          zip = null;
          if (kept != null && !packages.contains(codeId)) {
            try (InputStream in = kept.stream()) {
              packages.put(in);
            }
          }
        }
      } catch (IOException e) {
        throw platform("The deployment package could not be stored.", e);
      }
    }

    /** Makes the unpacked package durable and puts it in its place. */
    void publish() {
      Path place = lease.directory();
      try {
        if (!built.equals(place)) {
          Trees.sync(built);
          putInPlace(built, place);
        }
      } catch (IOException e) {
        throw platform("The unpacked code could not be stored.", e);
      }
    }

    /** Gives up what was not published, and the hold on the package. */
    @Override
    public void close() {
      try (@Nullable Zip _ = zip) {
        zip = null;
        if (!built.equals(lease.directory()) && Files.exists(built)) {
          Trees.delete(built);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } finally {
        lease.close();
      }
    }
  }
}
