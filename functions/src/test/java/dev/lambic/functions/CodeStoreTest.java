package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.kernel.LambicException;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Unpacked code is shared, held while it is used, and removed when nobody uses it. */
class CodeStoreTest {
  private static final Duration GRACE = Duration.ofMinutes(1);

  @TempDir private Path directory;
  private final Clock clock = new Clock();
  private CodeStore store;

  @BeforeEach
  void open() {
    store = CodeStore.open(directory, clock, GRACE);
  }

  @Test
  void aPublishedPackageCanBeAcquired() {
    String codeId = publish("one");
    try (CodeStore.Lease lease = store.acquire(codeId)) {
      assertThat(lease.directory().resolve("index.py")).hasContent("one");
    }
    assertThat(store.packageFile(codeId)).exists();
  }

  @Test
  void whatIsOnlyStagedCannotBeAcquired() throws IOException {
    String codeId;
    try (CodeStore.Staged staged = store.stage(Zips.of("index.py", "one"))) {
      codeId = staged.codeId();
      assertThatThrownBy(() -> store.acquire(codeId)).isInstanceOf(LambicException.class);
    }
    try (var left = Files.list(directory.resolve("code"))) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void aPackageThatIsKeptLeavesMemory() {
    byte[] zip = Zips.of("index.py", "one");
    WeakReference<byte[]> seen = new WeakReference<>(zip);
    try (CodeStore.Staged staged = store.stage(zip)) {
      staged.keep();
      zip = new byte[0];
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
      while (!seen.refersTo(null) && System.nanoTime() < end) {
        System.gc();
      }
      assertThat(seen.get()).isNull();
      assertThat(staged.size()).isPositive();
    }
  }

  @Test
  void theSamePackageIsUnpackedOnce() {
    String first = publish("one");
    try (CodeStore.Staged before = store.stage(Zips.of("index.py", "one"))) {
      assertThat(before.codeId()).isEqualTo(first);
      before.publish();
    }
    store.acquire(first).close();
  }

  @Test
  void twoWhoStageTheSameAtOnceBothSucceed() throws IOException {
    try (CodeStore.Staged one = store.stage(Zips.of("index.py", "one"));
        CodeStore.Staged two = store.stage(Zips.of("index.py", "one"))) {
      one.publish();
      two.publish();
    }
    try (var trees = Files.list(directory.resolve("code"))) {
      assertThat(trees).hasSize(1);
    }
  }

  @Test
  void unusedCodeIsRemovedAfterTheGracePeriod() throws IOException {
    String used = publish("used");
    String unused = publish("unused");
    collect(used);
    clock.advance(GRACE.minusSeconds(1));
    collect(used);
    assertThat(store.isReady(unused)).isTrue();
    clock.advance(Duration.ofSeconds(1));
    collect(used);
    assertThat(store.isReady(unused)).isFalse();
    assertThat(store.packageFile(unused)).doesNotExist();
    assertThat(store.isReady(used)).isTrue();
    assertThat(store.packageFile(used)).exists();
    try (var trees = Files.list(directory.resolve("code"))) {
      assertThat(trees).hasSize(1);
    }
  }

  @Test
  void leasedCodeIsNeverRemoved() throws IOException {
    String codeId = publish("one");
    CodeStore.Lease lease = store.acquire(codeId);
    for (int i = 0; i < 5; i++) {
      collect();
      clock.advance(GRACE);
    }
    assertThat(lease.directory().resolve("index.py")).exists();
    lease.close();
    lease.close();
    collect();
    assertThat(store.isReady(codeId)).isTrue();
    clock.advance(GRACE);
    collect();
    assertThat(store.isReady(codeId)).isFalse();
    assertThatThrownBy(() -> store.acquire(codeId)).hasMessageContaining("is not unpacked");
  }

  @Test
  void codeThatIsUsedAgainStartsAnotherGracePeriod() throws IOException {
    String codeId = publish("one");
    collect();
    clock.advance(GRACE.minusSeconds(1));
    store.acquire(codeId).close();
    clock.advance(GRACE);
    collect();
    assertThat(store.isReady(codeId)).isTrue();
  }

  @Test
  void whatACrashLeftIsRemovedAtTheNextStart() throws IOException {
    String kept = publish("one");
    Path half = Files.createDirectories(directory.resolve("code/unfinished-7/lib"));
    Files.writeString(half.resolve("file"), "half");
    Files.createSymbolicLink(half.resolve("link"), directory);
    store = CodeStore.open(directory, clock, GRACE);
    try (var trees = Files.list(directory.resolve("code"))) {
      assertThat(trees).containsExactly(directory.resolve("code").resolve(kept));
    }
    assertThat(directory.resolve("packages")).exists();
  }

  @Test
  void whatNoFunctionRefersToAfterARestartIsRemovedLater() throws IOException {
    String orphan = publish("orphan");
    store = CodeStore.open(directory, clock, GRACE);
    collect();
    clock.advance(GRACE);
    collect();
    assertThat(store.isReady(orphan)).isFalse();
    assertThat(store.packageFile(orphan)).doesNotExist();
  }

  @Test
  void functionsCanReachTheirCodeButNotListOthers() throws IOException {
    String codeId = publish("one");
    assertThat(Files.getPosixFilePermissions(directory.resolve("code")))
        .extracting(Enum::name)
        .contains("OTHERS_EXECUTE")
        .doesNotContain("OTHERS_READ", "OTHERS_WRITE");
    assertThat(Files.getPosixFilePermissions(directory.resolve("code").resolve(codeId)))
        .extracting(Enum::name)
        .contains("OTHERS_EXECUTE", "OTHERS_READ")
        .doesNotContain("OTHERS_WRITE", "GROUP_WRITE");
  }

  private String publish(String content) {
    try (CodeStore.Staged staged = store.stage(Zips.of("index.py", content))) {
      staged.keep();
      staged.publish();
      return staged.codeId();
    }
  }

  private void collect(String... used) throws IOException {
    store.collect(() -> Set.of(used));
  }
}
