package dev.lambic.images;

import dev.lambic.kernel.Ticker;
import dev.lambic.store.Directories;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Images, unpacked, each named by the digest of its manifest.
 *
 * <p>An image is there wholly or not at all: it is built beside its place, synced and renamed, and
 * never changed afterwards, so all environments share it read-only. So is each of its layers, and
 * images with a layer in common share its files. What nobody uses is removed after a grace period,
 * but never while somebody holds a {@link Lease}. Safe for use by many threads of one process,
 * which must be the only one that uses the directory.
 *
 * <p>Design: below the directory, {@code images} holds for each digest the root file system, the
 * image's configuration and the list of its layers; {@code layers} the unpacked layers, whose files
 * have further names in the root file systems; {@code unfinished} what is being built. The lock
 * guards {@code known}, {@code pulling} and every rename in or out.
 */
public final class ImageStore {
  private static final Duration TURN = Duration.ofMinutes(10);
  private static final int AT_ONCE = 2;
  private static final int STRIPES = 64;
  private static final int NESTED_LISTS = 3;
  private static final String ROOT = "root";
  private static final String CONFIG = "config.json";
  private static final String LAYERS = "layers";

  private final Path images;
  private final Path layers;
  private final Path unfinished;
  private final ImageSources sources;
  private final Platform platform;
  private final Ticker ticker;
  private final Duration grace;
  private final Patience patience;
  private final Semaphore turns = new Semaphore(AT_ONCE, true);
  private final List<ReentrantLock> one =
      IntStream.range(0, STRIPES).mapToObj(i -> new ReentrantLock(true)).toList();
  private final Object lock = new Object();
  private final Map<Digest, Use> known = new HashMap<>();
  private int pulling;

  /** Holders of one image. Guarded by the lock. */
  private static final class Use {
    int holders;
    boolean unused;
    long unusedSince;
  }

  /** An unpacked image that stays until this is closed; once is enough. */
  public interface Lease extends AutoCloseable {
    /** The root file system, owned by root, never written to. */
    Path root();

    /** How the image is run. */
    ImageConfig config();

    @Override
    void close();
  }

  private ImageStore(
      Path directory,
      ImageSources sources,
      Platform platform,
      Ticker ticker,
      Duration grace,
      Patience patience) {
    this.images = directory.resolve("images");
    this.layers = directory.resolve(LAYERS);
    this.unfinished = directory.resolve("unfinished");
    this.sources = sources;
    this.platform = platform;
    this.ticker = ticker;
    this.grace = grace;
    this.patience = patience;
  }

  /**
   * Uses the directory and removes what a crash left unfinished.
   *
   * @param platform which images of a list are taken
   * @param grace how long an unused image is kept
   * @throws ImageException if the directory cannot be used
   */
  public static ImageStore open(
      Path directory, ImageSources sources, Platform platform, Ticker ticker, Duration grace) {
    return open(directory, sources, platform, ticker, grace, Patience.STANDARD);
  }

  static ImageStore open(
      Path directory,
      ImageSources sources,
      Platform platform,
      Ticker ticker,
      Duration grace,
      Patience patience) {
    ImageStore store = new ImageStore(directory, sources, platform, ticker, grace, patience);
    try {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      Files.createDirectories(store.images);
      Files.createDirectories(store.layers);
      if (Files.exists(store.unfinished)) {
        FileTrees.delete(store.unfinished);
      }
      Files.createDirectories(store.unfinished);
      for (Digest there : digests(store.images)) {
        store.known.put(there, new Use());
      }
      return store;
    } catch (IOException e) {
      throw disk("The directory " + directory + " cannot be used for images.", e);
    }
  }

  private static List<Digest> digests(Path directory) throws IOException {
    try (Stream<Path> children = Files.list(directory)) {
      return children
          .map(child -> "sha256:" + child.getFileName())
          .filter(Digest::isDigest)
          .map(Digest::parse)
          .toList();
    }
  }

  /**
   * Finds out which image is meant now. Asks the registry; waits for a bounded time.
   *
   * @return the same place with the digest of the manifest for this platform
   * @throws ImageException if there is no such image, or none that can be used here
   */
  public ImageReference resolve(ImageReference image) {
    try (Origin origin = sources.open(image, patience)) {
      return image.pinned(find(origin, image).digest());
    } catch (IOException e) {
      throw unreadable(image, e);
    }
  }

  private Manifest find(Origin origin, ImageReference image) throws IOException {
    Origin.Found found = origin.manifest(image);
    image.digest().ifPresent(digest -> requireDigest(digest, found.bytes()));
    Manifest.Read read = Manifest.read(found.bytes(), found.mediaType());
    for (int i = 0; read.image().isEmpty() && i < NESTED_LISTS; i++) {
      Digest chosen = Manifest.choose(read.list(), platform).digest();
      Origin.Found next = origin.manifest(chosen);
      requireDigest(chosen, next.bytes());
      read = Manifest.read(next.bytes(), next.mediaType());
    }
    return read.image()
        .orElseThrow(() ->
            new ImageException(ImageException.Reason.INVALID, "The image is a list of lists."));
  }

  private static void requireDigest(Digest expected, byte[] bytes) {
    if (!Digest.of(bytes).equals(expected)) {
      throw new ImageException(
          ImageException.Reason.INVALID, "What came as " + expected + " is something else.");
    }
  }

  /** Whether the image is unpacked. */
  public boolean isReady(Digest digest) {
    return Files.isDirectory(images.resolve(digest.hex()));
  }

  /**
   * Fetches and unpacks an image, unless that was done already. Waits for a bounded time.
   *
   * @param image with a digest, as {@link #resolve} gives it
   * @throws ImageException if it cannot be had; nothing is left then
   */
  public void pull(ImageReference image) {
    Digest digest =
        image.digest().orElseThrow(() -> new IllegalArgumentException("no digest: " + image));
    if (keepIfReady(digest)) {
      return;
    }
    try (Held _ = turn(digest)) {
      if (!keepIfReady(digest)) {
        pullNow(image, digest);
      }
    } catch (IOException e) {
      throw unreadable(image, e);
    }
  }

  /** Whether the image is there; its grace period begins anew then. */
  private boolean keepIfReady(Digest digest) {
    synchronized (lock) {
      boolean ready = isReady(digest);
      if (ready) {
        known.computeIfAbsent(digest, d -> new Use()).unused = false;
      }
      return ready;
    }
  }

  private interface Held extends AutoCloseable {
    @Override
    void close();
  }

  private Held turn(Digest digest) {
    // So that nobody fetches what somebody else is fetching.
    ReentrantLock single = one.get(Math.floorMod(digest.hashCode(), STRIPES));
    try {
      if (single.tryLock(TURN.toSeconds(), TimeUnit.SECONDS)) {
        if (turns.tryAcquire(TURN.toSeconds(), TimeUnit.SECONDS)) {
          synchronized (lock) {
            pulling++;
          }
          return () -> {
            synchronized (lock) {
              pulling--;
            }
            turns.release();
            single.unlock();
          };
        }
        single.unlock();
      }
    } catch (InterruptedException e) {
      if (single.isHeldByCurrentThread()) {
        single.unlock();
      }
      Thread.currentThread().interrupt();
      throw new ImageException(
          ImageException.Reason.UNAVAILABLE, "The server is being stopped.", e);
    }
    throw new ImageException(
        ImageException.Reason.UNAVAILABLE, "Too many images are being unpacked.");
  }

  private void pullNow(ImageReference image, Digest digest) throws IOException {
    Path built = Files.createTempDirectory(unfinished, "image-");
    try (Origin origin = sources.open(image, patience);
        Deadline.Scope _ = Deadline.closing(origin::close, patience.pull()).scope()) {
      Manifest manifest = find(origin, image);
      byte[] config = config(origin, manifest.config());
      RootTree tree = new RootTree();
      List<String> names = new ArrayList<>();
      long left = Manifest.MAX_BYTES;
      for (Descriptor layer : manifest.layers()) {
        Layer unpacked = layer(origin, layer, left);
        left -= unpacked.bytes();
        if (left < 0) {
          throw tooLarge();
        }
        tree.add(unpacked);
        names.add(layer.digest().hex());
      }
      tree.addMountPoints();
      Path root = Files.createDirectory(built.resolve(ROOT));
      tree.write(root, left);
      Files.write(built.resolve(CONFIG), config);
      Files.write(built.resolve(LAYERS), names);
      publish(built, images, digest);
      synchronized (lock) {
        known.computeIfAbsent(digest, d -> new Use()).unused = false;
      }
    } finally {
      FileTrees.deleteIfExists(built);
    }
  }

  private static ImageException tooLarge() {
    return new ImageException(
        ImageException.Reason.INVALID,
        "The image is larger than " + Manifest.MAX_BYTES + " bytes.");
  }

  private byte[] config(Origin origin, Descriptor blob) throws IOException {
    byte[] bytes = Origin.document(origin.blob(blob), patience);
    requireDigest(blob.digest(), bytes);
    Platform made = ImageConfig.read(bytes).platform();
    if (!platform.runs(made)) {
      throw new ImageException(
          ImageException.Reason.INVALID,
          "The image is for " + made + ", and this host is " + platform + ".");
    }
    return bytes;
  }

  private Layer layer(Origin origin, Descriptor blob, long budget) throws IOException {
    Path place = layers.resolve(blob.digest().hex());
    if (!Files.isDirectory(place)) {
      Path built = Files.createTempDirectory(unfinished, "layer-");
      try (InputStream bytes = new Checked(origin.blob(blob), blob, patience)) {
        Layer.unpack(bytes, built, budget);
        publish(built, layers, blob.digest());
      } finally {
        FileTrees.deleteIfExists(built);
      }
    }
    return Layer.at(place);
  }

  /** Makes what was built durable and puts it in its place, unless another was faster. */
  private void publish(Path built, Path directory, Digest name) throws IOException {
    Path place = directory.resolve(name.hex());
    Directories.syncFileSystem(built);
    synchronized (lock) {
      if (!Files.isDirectory(place)) {
        Files.move(built, place, StandardCopyOption.ATOMIC_MOVE);
      }
    }
    Directories.sync(directory);
  }

  /**
   * Holds an unpacked image.
   *
   * @throws ImageException if it is not there
   */
  public Lease acquire(Digest digest) {
    synchronized (lock) {
      Use use = known.computeIfAbsent(digest, d -> new Use());
      use.holders++;
      use.unused = false;
    }
    Path place = images.resolve(digest.hex());
    AtomicBoolean open = new AtomicBoolean(true);
    Runnable release =
        () -> {
          if (open.compareAndSet(true, false)) {
            synchronized (lock) {
              Use use = known.get(digest);
              if (use != null) {
                use.holders--;
              }
            }
          }
        };
    try {
      return lease(place, digest, release);
    } catch (ImageException e) {
      release.run();
      throw e;
    }
  }

  private static Lease lease(Path place, Digest digest, Runnable release) {
    try {
      ImageConfig config = ImageConfig.read(Files.readAllBytes(place.resolve(CONFIG)));
      return new Lease() {
        @Override
        public Path root() {
          return place.resolve(ROOT);
        }

        @Override
        public ImageConfig config() {
          return config;
        }

        @Override
        public void close() {
          release.run();
        }
      };
    } catch (IOException e) {
      throw disk("The image " + digest + " is not unpacked.", e);
    }
  }

  /**
   * An image of a store that another process may be using, without a claim on it.
   *
   * @throws ImageException if it is not there
   */
  public static Lease peek(Path directory, Digest digest) {
    Path place = directory.resolve("images").resolve(digest.hex());
    return lease(place, digest, () -> {});
  }

  /**
   * Removes images that were unused for the grace period, and layers of no image.
   *
   * @param used the images that are wanted now; asked while none is added or removed
   */
  public void collect(Supplier<Set<Digest>> used) throws IOException {
    Set<Path> doomed = new HashSet<>();
    synchronized (lock) {
      long now = ticker.nanos();
      Set<Digest> keep = used.get();
      for (Digest digest : Set.copyOf(known.keySet())) {
        Use use = known.get(digest);
        if (use == null) {
          continue;
        }
        if (use.holders > 0 || keep.contains(digest)) {
          use.unused = false;
        } else if (!use.unused) {
          use.unused = true;
          use.unusedSince = now;
        } else if (now - use.unusedSince >= grace.toNanos()) {
          known.remove(digest);
          setAside(images.resolve(digest.hex()), doomed);
        }
      }
      if (pulling == 0) {
        Set<Digest> needed = layersInUse();
        for (Digest layer : digests(layers)) {
          if (!needed.contains(layer)) {
            setAside(layers.resolve(layer.hex()), doomed);
          }
        }
      }
    }
    for (Path each : doomed) {
      FileTrees.delete(each);
    }
  }

  private Set<Digest> layersInUse() throws IOException {
    Set<Digest> needed = new HashSet<>();
    for (Digest image : digests(images)) {
      for (String name : Files.readAllLines(images.resolve(image.hex()).resolve(LAYERS))) {
        needed.add(new Digest(name));
      }
    }
    return needed;
  }

  private void setAside(Path place, Set<Path> doomed) throws IOException {
    if (Files.isDirectory(place)) {
      Path aside = Files.createTempDirectory(unfinished, "removed-");
      Files.move(place, aside.resolve(ROOT), StandardCopyOption.ATOMIC_MOVE);
      doomed.add(aside);
    }
  }

  private static ImageException unreadable(ImageReference image, IOException cause) {
    boolean disk =
        cause instanceof FileSystemException
            || String.valueOf(cause.getMessage()).contains("No space left");
    return new ImageException(
        disk ? ImageException.Reason.UNAVAILABLE : ImageException.Reason.INVALID,
        "The image " + image + " cannot be unpacked: " + cause.getMessage(),
        cause);
  }

  private static ImageException disk(String message, IOException cause) {
    return new ImageException(ImageException.Reason.UNAVAILABLE, message, cause);
  }

  /**
   * The bytes of a blob, which end with an error if they are not what they should be. Whoever sends
   * them has a bounded time.
   */
  private static final class Checked extends FilterInputStream {
    private final Descriptor blob;
    private final MessageDigest digest = Digest.sha256();
    private final Deadline deadline;
    private long left;
    private boolean over;

    Checked(InputStream in, Descriptor blob, Patience patience) {
      super(in);
      this.blob = blob;
      this.left = blob.size();
      this.deadline = Deadline.closing(in, patience.blob());
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
      if (over) {
        return -1;
      }
      int count = readSome(into, from, length);
      if (count >= 0) {
        digest.update(into, from, count);
        left -= count;
      }
      if (left < 0) {
        throw different();
      }
      if (count < 0) {
        over = true;
        if (left > 0 || !HexFormat.of().formatHex(digest.digest()).equals(blob.digest().hex())) {
          throw different();
        }
      }
      return count;
    }

    /** A connection that breaks says nothing about the image. */
    private int readSome(byte[] into, int from, int length) {
      try {
        int count = in.read(into, from, length);
        if (count >= 0 || !deadline.isOver()) {
          return count;
        }
      } catch (IOException e) {
        throw unfinished(String.valueOf(e.getMessage()), e);
      }
      throw unfinished("it took too long", null);
    }

    private ImageException unfinished(String why, @Nullable IOException cause) {
      return new ImageException(
          ImageException.Reason.UNAVAILABLE,
          blob.digest() + " could not be read to its end: " + why,
          cause);
    }

    private ImageException different() {
      return new ImageException(
          ImageException.Reason.INVALID, "What came as " + blob.digest() + " is something else.");
    }

    @Override
    public long skip(long count) throws IOException {
      byte[] skipped = new byte[(int) Math.min(count, 8192)];
      return Math.max(0, read(skipped, 0, skipped.length));
    }

    @Override
    public boolean markSupported() {
      return false;
    }

    @Override
    public void close() throws IOException {
      deadline.cancel();
      super.close();
    }
  }
}
