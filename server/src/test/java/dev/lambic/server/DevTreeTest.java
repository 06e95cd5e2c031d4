package dev.lambic.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.kernel.LambicException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A look at a directory sees whatever was changed since the look before. */
class DevTreeTest {
  @TempDir private Path root;

  @BeforeEach
  void fill() throws IOException {
    Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.createDirectories(root.resolve("dir/deep"));
    Files.writeString(root.resolve("a"), "one");
    Files.writeString(root.resolve("dir/deep/b"), "two");
    Files.createSymbolicLink(root.resolve("link"), Path.of("a"));
  }

  /** A look after which every change is seen. */
  private DevTree settled() {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (true) {
      Instant began = Instant.now();
      DevTree tree = DevTree.look(root);
      Duration wait = tree.unsettledFor(began);
      if (wait == null) {
        return tree;
      }
      assertThat(System.nanoTime() - end).as("the tree settles").isNegative();
      LockSupport.parkNanos(wait.toNanos());
    }
  }

  private interface Change {
    void make() throws IOException;
  }

  private String seen(Change change) throws IOException {
    DevTree before = settled();
    assertThat(DevTree.look(root).same(before)).isTrue();
    change.make();
    DevTree after = DevTree.look(root);
    assertThat(after.same(before)).isFalse();
    assertThat(before.same(null)).isFalse();
    return after.difference(before);
  }

  @Test
  void everyChangeIsSeen() throws IOException {
    Path a = root.resolve("a");
    assertThat(seen(() -> Files.writeString(a, "two"))).isEqualTo("a");
    // The same content, size and time of modification once more.
    FileTime time = Files.getLastModifiedTime(a);
    assertThat(
            seen(() -> {
              Files.writeString(a, "six");
              Files.setLastModifiedTime(a, time);
            }))
        .isEqualTo("a");
    assertThat(seen(() -> Files.writeString(root.resolve("dir/deep/c"), "x")))
        .isEqualTo("dir/deep/c");
    assertThat(seen(() -> Files.delete(root.resolve("dir/deep/c"))))
        .isEqualTo("dir/deep/c (removed)");
    assertThat(seen(() -> Files.move(root.resolve("dir/deep/b"), root.resolve("dir/b"))))
        .isEqualTo("dir/b, dir/deep/b (removed)");
    assertThat(
            seen(() ->
                Files.setPosixFilePermissions(a, PosixFilePermissions.fromString("rwxr-xr-x"))))
        .isEqualTo("a");
    assertThat(
            seen(() -> {
              Files.delete(root.resolve("link"));
              Files.createSymbolicLink(root.resolve("link"), Path.of("b"));
            }))
        .isEqualTo("link");
    assertThat(
            seen(() -> {
              for (int i = 0; i < 5; i++) {
                Files.writeString(root.resolve("many" + i), "x");
              }
            }))
        .isEqualTo("many0, many1, many2 and 2 more");
  }

  @Test
  void whatWasJustChangedIsNotSettled() throws IOException {
    DevTree tree = DevTree.look(root);
    FileTime newest =
        (FileTime)
            Files.getAttribute(root.resolve("link"), "unix:ctime", LinkOption.NOFOLLOW_LINKS);
    assertThat(tree.unsettledFor(newest.toInstant())).isPositive();
    assertThat(tree.unsettledFor(newest.toInstant().plusSeconds(60))).isNull();
  }

  @Test
  void whatLeadsToOthersIsRefused() throws IOException {
    try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      socket.bind(UnixDomainSocketAddress.of(root.resolve("socket")));
      assertThatThrownBy(() -> DevTree.look(root))
          .isInstanceOf(LambicException.class)
          .hasMessageContaining("must not reach sockets");
    }
  }

  @Test
  void whatOthersCannotReadIsTold() throws IOException {
    assertThat(DevTree.look(root).unreadable()).isEmpty();
    Files.setPosixFilePermissions(
        root.resolve("dir/deep"), PosixFilePermissions.fromString("rwxr--r--"));
    assertThat(DevTree.look(root).unreadable()).isEqualTo("dir/deep");
    Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx------"));
    assertThatThrownBy(() -> DevTree.look(root)).hasMessageContaining("chmod -R o+rX");
  }

  @Test
  void aDirectoryThatIsGoneIsNamed() {
    assertThatThrownBy(() -> DevTree.look(root.resolve("none")))
        .hasMessage("The directory " + root.resolve("none") + " is not there any more.");
    assertThatThrownBy(() -> DevTree.look(root.resolve("a")))
        .hasMessageContaining("is not there any more");
  }
}
