package dev.lambic.images;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import dev.lambic.images.ImageException.Reason;
import dev.lambic.kernel.Ticker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images from every place, unpacked, shared and removed. */
final class ImageStoreTest {
  private static final byte[] BASE = new TestTar().file("base", "b").gzip();

  @TempDir Path directory;
  private final TestRegistry registry = new TestRegistry();
  private final AtomicLong nanos = new AtomicLong();
  private @Nullable ImageStore opened;

  @AfterEach
  void close() {
    registry.close();
  }

  private ImageStore store() {
    ImageStore store = opened;
    if (store == null) {
      store = reopen();
      opened = store;
    }
    return store;
  }

  private ImageStore reopen() {
    return ImageStore.open(
        directory.resolve("store"),
        new ImageSources(Optional.of(directory.resolve("files")), RegistryLogins.none()),
        Platform.host(),
        new Ticker() {
          @Override
          public long nanos() {
            return nanos.get();
          }

          @Override
          public Instant instant() {
            return Instant.EPOCH;
          }
        },
        Duration.ofMinutes(1));
  }

  private static TestImage image(String content) {
    return TestImage.of(BASE, new TestTar().file("run", content).gzip());
  }

  private ImageReference pull(ImageReference image) {
    ImageReference pinned = store().resolve(image);
    store().pull(pinned);
    return pinned;
  }

  private static Digest digest(ImageReference image) {
    return image.digest().orElseThrow();
  }

  private void assertRun(ImageReference pinned, String content) {
    try (ImageStore.Lease lease = store().acquire(digest(pinned))) {
      assertThat(lease.root().resolve("run")).hasContent(content);
      assertThat(lease.root().resolve("base")).hasContent("b");
      assertThat(lease.config().entryPoint()).containsExactly("/run");
    }
  }

  private static void assertFails(Reason reason, String words, ThrowingCallable what) {
    assertThatThrownBy(what)
        .isInstanceOfSatisfying(ImageException.class, e -> assertThat(e.reason()).isEqualTo(reason))
        .hasMessageContaining(words);
  }

  private void assertNothingUnfinished() throws IOException {
    assertThat(directory.resolve("store/unfinished")).isEmptyDirectory();
  }

  @Test
  void tagMeansWhatItMeantWhenItWasResolved() {
    registry.push("1", image("old"));
    ImageReference old = pull(registry.reference(":1"));
    registry.push("1", image("new"));
    ImageReference now = pull(registry.reference(":1"));
    assertThat(old).isNotEqualTo(now);
    assertRun(old, "old");
    assertRun(now, "new");
  }

  @Test
  void sharedLayersAreFetchedOnceAndShareTheirFiles() throws IOException {
    registry.push("1", image("one"));
    registry.push("2", image("two"));
    ImageReference one = pull(registry.reference(":1"));
    ImageReference two = pull(registry.reference(":2"));
    assertThat(registry.asked).filteredOn(p -> p.endsWith(Digest.of(BASE).hex())).hasSize(1);
    try (ImageStore.Lease first = store().acquire(digest(one));
        ImageStore.Lease second = store().acquire(digest(two))) {
      assertThat(Files.isSameFile(first.root().resolve("base"), second.root().resolve("base")))
          .isTrue();
    }
    assertNothingUnfinished();
  }

  @Test
  void listsAreReadForThisPlatform() {
    TestImage image = image("listed");
    registry.push("unused", image);
    registry.push("1", TestImage.INDEX, image.index());
    ImageReference pinned = pull(registry.reference(":1"));
    assertThat(digest(pinned)).isEqualTo(image.manifest);
    assertRun(pinned, "listed");
  }

  @Test
  void tokenForEverybodyIsFetched() {
    registry.push("1", image("guarded"));
    registry.wantsToken = true;
    assertRun(pull(registry.reference(":1")), "guarded");
  }

  @Test
  void redirectionsOnThisMachineAreFollowed() {
    registry.push("1", image("elsewhere"));
    registry.redirectBlobsTo = "http://" + registry.host() + "/elsewhere/";
    assertRun(pull(registry.reference(":1")), "elsewhere");
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://192.0.2.1/", "file:///etc/", "ftp://127.0.0.1/", ""})
  void redirectionsToUnsafePlacesAreNot(String place) throws IOException {
    registry.push("1", image("x"));
    registry.redirectBlobsTo = place.isEmpty() ? "http:// /" : place;
    assertFails(Reason.UNAVAILABLE, "redirects", () -> pull(registry.reference(":1")));
    assertNothingUnfinished();
  }

  @Test
  void redirectionsEnd() {
    registry.push("1", image("x"));
    registry.redirectBlobsTo = "/v2/team/app/blobs/";
    assertFails(Reason.UNAVAILABLE, "without end", () -> pull(registry.reference(":1")));
  }

  @Test
  void missingAndForbiddenImages() {
    assertFails(Reason.MISSING, "has no", () -> store().resolve(registry.reference(":none")));
    registry.status = 403;
    assertFails(Reason.DENIED, "everybody", () -> store().resolve(registry.reference(":1")));
    registry.status = 500;
    assertFails(Reason.UNAVAILABLE, "500", () -> store().resolve(registry.reference(":1")));
    registry.close();
    assertFails(Reason.UNAVAILABLE, "reached", () -> store().resolve(registry.reference(":1")));
  }

  @Test
  void manifestThatIsNotWhatItsDigestSays() {
    TestImage image = image("x");
    registry.push("1", image);
    registry.push(image.manifest.toString(), TestImage.OCI, image("y").manifestBytes());
    ImageReference asked = registry.reference("@" + image.manifest);
    assertFails(Reason.INVALID, "something else", () -> store().resolve(asked));
  }

  @Test
  void layerThatIsNotWhatItsDigestSays() throws IOException {
    TestImage image = image("right");
    registry.push("1", image);
    byte[] right = image.layers.get(1);
    byte[] wrong = new TestTar().file("run", "wrong").gzip();
    registry.replaceBlob(Digest.of(right), wrong);
    assertFails(Reason.INVALID, "something else", () -> pull(registry.reference(":1")));
    registry.replaceBlob(Digest.of(right), Arrays.copyOf(right, right.length + 1));
    assertFails(Reason.INVALID, "something else", () -> pull(registry.reference(":1")));
    registry.removeBlob(Digest.of(right));
    assertFails(Reason.MISSING, "has no", () -> pull(registry.reference(":1")));
    assertNothingUnfinished();
    registry.replaceBlob(Digest.of(right), right);
    assertRun(pull(registry.reference(":1")), "right");
  }

  @Test
  void hostileLayerLeavesNothing() throws IOException {
    registry.push("1", TestImage.of(new TestTar().file("../../../../x", "out").gzip()));
    assertFails(Reason.INVALID, "leads out", () -> pull(registry.reference(":1")));
    assertNothingUnfinished();
    assertThat(directory.resolve("store/layers")).isEmptyDirectory();
    assertThat(directory.resolve("store/images")).isEmptyDirectory();
  }

  @Test
  void imagesThatCannotRunHere() {
    registry.push("other", TestImage.of("s390x", "{}", BASE));
    assertFails(Reason.INVALID, "linux/s390x", () -> pull(registry.reference(":other")));
    registry.push("v1", "application/vnd.docker.distribution.manifest.v1+json", bytes("{}"));
    assertFails(Reason.UNSUPPORTED, "v1", () -> store().resolve(registry.reference(":v1")));
    registry.push("text", TestImage.OCI, bytes("no json"));
    assertFails(Reason.INVALID, "JSON", () -> store().resolve(registry.reference(":text")));
    registry.push("large", TestImage.OCI, new byte[Origin.MAX_DOCUMENT + 1]);
    assertFails(Reason.INVALID, "larger", () -> store().resolve(registry.reference(":large")));
  }

  @Test
  void layersMayBeCompressedWithZstd() throws IOException {
    byte[] tar = new TestTar().file("run", "zstd").bytes();
    byte[] half = Zstd.compress(Arrays.copyOf(tar, 512), 3);
    byte[] rest = Zstd.compress(Arrays.copyOfRange(tar, 512, tar.length), 22);
    byte[] frames = Arrays.copyOf(half, half.length + rest.length);
    System.arraycopy(rest, 0, frames, half.length, rest.length);
    TestImage image = TestImage.of(BASE, frames);
    String typed =
        new String(image.manifestBytes(), UTF_8).replace("v1.tar+gzip\"", "v1.tar+zstd\"");
    registry.push("unused", image);
    registry.push("1", TestImage.OCI, bytes(typed));
    registry.push(Digest.of(bytes(typed)).toString(), TestImage.OCI, bytes(typed));
    assertRun(pull(registry.reference(":1")), "zstd");
    registry.push("cut", TestImage.of(BASE, Arrays.copyOf(frames, frames.length - 20)));
    assertFails(Reason.INVALID, "unpacked", () -> pull(registry.reference(":cut")));
    // A frame that wants a gibibyte of memory, and has nothing in it.
    byte[] greedy = HexFormat.of().parseHex("28b52ffd" + "00" + "a0" + "010000");
    registry.push("greedy", TestImage.of(BASE, greedy));
    assertFails(Reason.INVALID, "memory", () -> pull(registry.reference(":greedy")));
    assertNothingUnfinished();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  @Test
  void declaredSizeIsBounded() {
    Digest some = Digest.of(new byte[0]);
    String layer = TestImage.part("", some, Manifest.MAX_BYTES / 2 + 1);
    registry.push(
        "1",
        TestImage.OCI,
        bytes(
            "{\"config\":%s,\"layers\":[%s,%s]}"
                .formatted(TestImage.part("", some, 1), layer, layer)));
    assertFails(Reason.INVALID, "larger", () -> store().resolve(registry.reference(":1")));
  }

  @Test
  void layoutsAndArchives() throws IOException {
    Path files = Files.createDirectory(directory.resolve("files"));
    TestImage image =
        TestImage.of(
            new TestTar().file("base", "b").bytes(), new TestTar().file("run", "filed").bytes());
    image.layout(files.resolve("layout"), "1");
    image.layoutArchive(files.resolve("layout.tar"), "example.com/app:1");
    image.dockerArchive(files.resolve("docker.tar"), "example.com/app:1");
    for (String name :
        new String[] {
          "oci:layout:1",
          "oci:layout",
          "oci:" + files + "/layout:1",
          "oci-archive:layout.tar:1",
          "docker-archive:docker.tar:1",
          "docker-archive:docker.tar"
        }) {
      ImageReference pinned = pull(ImageReference.parse(name));
      assertRun(pinned, "filed");
      assertThat(store().resolve(pinned)).isEqualTo(pinned);
    }
    assertFails(
        Reason.MISSING, "no image", () -> store().resolve(ImageReference.parse("oci:layout:2")));
    assertFails(
        Reason.MISSING,
        "no image",
        () -> store().resolve(ImageReference.parse("docker-archive:docker.tar:2")));
  }

  @Test
  void filesOutsideTheDirectoryAreNotTouched() throws IOException {
    Path files = Files.createDirectory(directory.resolve("files"));
    TestImage image = image("outside");
    image.layout(directory.resolve("outside"), "1");
    Files.createSymbolicLink(files.resolve("link"), directory.resolve("outside"));
    for (String name :
        new String[] {"oci:../outside:1", "oci:" + directory + "/outside:1", "oci:link:1"}) {
      assertFails(Reason.MISSING, "There is no", () -> store().resolve(ImageReference.parse(name)));
    }
    ImageSources none = new ImageSources(Optional.empty(), RegistryLogins.none());
    ImageReference layout = ImageReference.parse("oci:layout:1");
    assertFails(Reason.DENIED, "--images", () -> none.open(layout, Patience.STANDARD));
  }

  @Test
  void restartFindsImagesAndSweepsWhatIsUnfinished() throws IOException {
    registry.push("1", image("kept"));
    ImageReference pinned = pull(registry.reference(":1"));
    Path left = directory.resolve("store/unfinished/image-1");
    Files.createDirectories(left.resolve("root"));
    registry.close();
    opened = reopen();
    assertThat(store().isReady(digest(pinned))).isTrue();
    store().pull(pinned);
    assertRun(pinned, "kept");
    assertNothingUnfinished();
  }

  @Test
  void unusedImagesAndLayersAreRemoved() throws IOException {
    registry.push("1", image("one"));
    registry.push("2", image("two"));
    ImageReference one = pull(registry.reference(":1"));
    ImageReference two = pull(registry.reference(":2"));
    ImageStore.Lease held = store().acquire(digest(one));
    Set<Digest> used = Set.of(digest(two));
    collectTwice(used);
    assertThat(store().isReady(digest(one))).isTrue();
    held.close();
    collectTwice(used);
    assertThat(store().isReady(digest(one))).isFalse();
    assertRun(two, "two");
    assertThat(count("layers")).isEqualTo(2);
    collectTwice(Set.of());
    assertThat(count("images") + count("layers") + count("unfinished")).isZero();
    assertFails(Reason.UNAVAILABLE, "not unpacked", () -> store().acquire(digest(two)));
  }

  @Test
  void whatIsBeingPulledIsNotCollected() throws Exception {
    TestImage image = image("slow");
    registry.push("1", image);
    registry.stalled = Digest.of(image.layers.get(1)).toString();
    ImageReference pinned = store().resolve(registry.reference(":1"));
    CompletableFuture<?> pulled = CompletableFuture.runAsync(() -> store().pull(pinned));
    Path base = directory.resolve("store/layers").resolve(Digest.of(BASE).hex());
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!Files.isDirectory(base) && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    collectTwice(Set.of());
    assertThat(base).isDirectory();
    registry.goOn();
    pulled.get(30, TimeUnit.SECONDS);
    assertRun(pinned, "slow");
  }

  @Test
  void whatIsPulledAgainIsKeptForItsTimeAgain() throws IOException {
    registry.push("1", image("kept"));
    ImageReference pinned = pull(registry.reference(":1"));
    store().collect(Set::of);
    nanos.addAndGet(Duration.ofMinutes(2).toNanos());
    // Its user is about to say so, as a function is recorded after its image is found.
    store().pull(pinned);
    store().collect(Set::of);
    assertRun(pinned, "kept");
  }

  private void collectTwice(Set<Digest> used) throws IOException {
    store().collect(() -> used);
    nanos.addAndGet(Duration.ofMinutes(2).toNanos());
    store().collect(() -> used);
  }

  private long count(String below) throws IOException {
    try (Stream<Path> all = Files.list(directory.resolve("store").resolve(below))) {
      return all.count();
    }
  }

  @Test
  void configurationSaysHowToRun() {
    String settings =
        "{\"Entrypoint\":[\"/entry\",\"a\"],\"Cmd\":[\"b\"],\"Env\":[\"A=1=2\",\"B=\",\"bad\"],"
            + "\"WorkingDir\":\"/app\"}";
    registry.push("1", TestImage.of(Platform.host().architecture(), settings, BASE));
    ImageReference pinned = pull(registry.reference(":1"));
    try (ImageStore.Lease lease = store().acquire(digest(pinned))) {
      ImageConfig config = lease.config();
      assertThat(config.entryPoint()).containsExactly("/entry", "a");
      assertThat(config.command()).containsExactly("b");
      assertThat(config.variables())
          .containsOnly(java.util.Map.entry("A", "1=2"), java.util.Map.entry("B", ""));
      assertThat(config.workingDirectory()).isEqualTo("/app");
    }
  }
}
