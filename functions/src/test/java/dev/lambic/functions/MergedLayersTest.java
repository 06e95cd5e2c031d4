package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.kernel.LambicException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Merged layers are made once, held while they are used, and removed when nobody uses them. */
class MergedLayersTest {
  private static final Duration GRACE = Duration.ofMinutes(1);

  @TempDir private Path directory;
  private final Clock clock = new Clock();
  private CodeStore store;

  @BeforeEach
  void open() {
    store = CodeStore.open(directory, clock, GRACE);
  }

  private String publish(String name, String content) {
    try (CodeStore.Staged staged = store.stage(Zips.of(name, content))) {
      staged.keep();
      staged.publish();
      return staged.codeId();
    }
  }

  private void collect(Set<String> used) throws IOException {
    store.collect(() -> used);
    clock.advance(GRACE);
    store.collect(() -> used);
  }

  @Test
  void oneLayerIsUsedAsItIs() {
    String layer = publish("a", "1");
    Opt opt = Opt.of(List.of(layer));
    assertThat(opt.id()).isEqualTo(layer);
    store.merge(opt);
    assertThat(store.isReady(layer)).isTrue();
  }

  @Test
  void theOrderIsPartOfTheName() {
    assertThat(Opt.of(List.of("a", "b"))).isNotEqualTo(Opt.of(List.of("b", "a")));
    assertThat(Opt.of(List.of("a", "b")).id()).isNotEqualTo(Opt.of(List.of("b", "a")).id());
  }

  @Test
  void severalAreMergedOnce() throws IOException {
    Opt opt = Opt.of(List.of(publish("a", "1"), publish("b", "2")));
    store.merge(opt);
    Object made;
    try (CodeStore.Lease lease = store.acquire(opt.id())) {
      assertThat(lease.directory().resolve("a")).hasContent("1");
      assertThat(lease.directory().resolve("b")).hasContent("2");
      made = Files.getAttribute(lease.directory(), "unix:ino");
    }
    store.merge(opt);
    try (CodeStore.Lease lease = store.acquire(opt.id())) {
      assertThat(Files.getAttribute(lease.directory(), "unix:ino")).isEqualTo(made);
    }
  }

  @Test
  void aLayerThatIsMissingFails() {
    Opt opt = Opt.of(List.of(publish("a", "1"), "0".repeat(64)));
    assertThatThrownBy(() -> store.merge(opt)).isInstanceOf(LambicException.class);
    assertThat(store.isReady(opt.id())).isFalse();
  }

  @Test
  void aLeaseKeepsTheMergedTree() throws IOException {
    Opt opt = Opt.of(List.of(publish("a", "1"), publish("b", "2")));
    store.merge(opt);
    try (CodeStore.Lease lease = store.acquire(opt.id())) {
      collect(Set.of());
      assertThat(lease.directory().resolve("a")).hasContent("1");
    }
    collect(Set.of());
    assertThat(store.isReady(opt.id())).isFalse();
    try (var left = Files.list(directory.resolve("code"))) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void aMergedTreeGoesWithoutItsLayers() throws IOException {
    Opt opt = Opt.of(List.of(publish("a", "1"), publish("b", "2")));
    store.merge(opt);
    collect(Set.copyOf(opt.parts()));
    assertThat(store.isReady(opt.id())).isFalse();
    store.merge(opt);
    try (CodeStore.Lease lease = store.acquire(opt.id())) {
      assertThat(lease.directory().resolve("b")).hasContent("2");
    }
  }

  @Test
  void whatAnEndedServerLeftIsKnownOrRemoved() throws IOException {
    Opt opt = Opt.of(List.of(publish("a", "1"), publish("b", "2")));
    store.merge(opt);
    Path unfinished = Files.createDirectory(directory.resolve("code/unfinished-merge"));
    Files.createLink(
        unfinished.resolve("a"), directory.resolve("code").resolve(opt.id()).resolve("a"));
    open();
    assertThat(unfinished).doesNotExist();
    assertThat(store.isReady(opt.id())).isTrue();
    collect(Set.of());
    assertThat(store.isReady(opt.id())).isFalse();
  }

  @Test
  void sizesAreThoseOfTheFiles() {
    assertThat(store.unpackedBytes(publish("a", "12345"))).isEqualTo(5);
  }
}
