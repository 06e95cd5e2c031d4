package dev.lambic.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sandboxes on the root file system of an image. */
final class ImageRootTest {
  private static final AtomicInteger NAMES = new AtomicInteger();

  @TempDir static Path directory;
  private static TestHost host;
  private static Path image;
  private static Path secret;
  private static Sandbox sandbox;

  @BeforeAll
  static void open() throws IOException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    host = new TestHost(directory);
    image = image("image");
    secret = Files.writeString(directory.resolve("secret"), "of the host");
    sandbox = create(image);
  }

  @AfterAll
  static void close() {
    host.close();
  }

  /** A root file system with nothing but what it must have, and the programs of the tests. */
  private static Path image(String name) throws IOException {
    Path root = Files.createDirectory(directory.resolve(name));
    for (String each : List.of("dev", "proc", "tmp", "etc", "opt", "var/task", "usr/local")) {
      Files.createDirectories(root.resolve(each));
    }
    Files.writeString(root.resolve("etc/hosts"), "");
    Files.writeString(root.resolve("etc/resolv.conf"), "");
    Files.writeString(root.resolve("etc/passwd"), "image:x:0:0::/:/\n");
    Files.writeString(root.resolve("marker"), "of the image");
    Path programs = new Programs(root).path(".").normalize();
    assertThat(programs).isEqualTo(root.resolve("programs"));
    return root;
  }

  private static Sandbox create(Path root) {
    return host.sandboxes.create(
        new SandboxSpec(
            "image-" + NAMES.incrementAndGet(),
            TestHost.LIMITS,
            TestHost.TMP,
            "169.254.10.21",
            Optional.of(root)));
  }

  private static TestHost.Result hostile(String... attempt) {
    List<String> argv = new ArrayList<>(List.of("/programs/hostile"));
    argv.addAll(List.of(attempt));
    return TestHost.run(sandbox, new Command(argv, TestHost.ENVIRONMENT, "/tmp"));
  }

  private static void assertRefused(String... attempt) {
    TestHost.Result result = hostile(attempt);
    assertThat(result.output()).doesNotContain("BREACH").startsWith("refused: ");
    assertThat(result.exit()).isEqualTo(new ProcessExit(0, 0));
  }

  /** What the program would call a breach elsewhere is what has to work here. */
  private static void assertWorks(String... attempt) {
    assertThat(hostile(attempt).output()).startsWith("BREACH");
  }

  @Test
  void seesTheImageAndWhatEverySandboxHas() {
    assertWorks("read", "/marker");
    assertWorks("read", "/etc/passwd");
    assertWorks("read", "/etc/hosts");
    assertWorks("read", "/proc/self/status");
    assertWorks("read", "/dev/urandom");
    assertWorks("write", "/dev/null");
    assertWorks("create", "/tmp/mine");
  }

  @Test
  void seesNothingOfTheHost() {
    assertRefused("read", secret.toString());
    assertRefused("read", "/proc/self/root" + secret);
    assertRefused("read", "/proc/1/root" + secret);
    assertRefused("read", "/usr/bin/env");
    assertRefused("read", "/etc/services");
    assertRefused("list", "/usr/lib");
    assertRefused("list", "/mnt");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/marker",
        "/x",
        "/etc/hosts",
        "/etc/resolv.conf",
        "/etc/x",
        "/dev/x",
        "/programs/hostile",
        "/var/task/x",
        "/proc/sys/kernel/core_pattern"
      })
  void changesNothing(String path) {
    assertRefused("write", path);
    assertRefused("create", path);
    assertThat(image.resolve("marker")).hasContent("of the image");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/dev", "/proc", "/proc/sys", "/etc/hosts"})
  void doesNotChangeMounts(String path) {
    assertRefused("remount-writable", path);
    assertRefused("unmount", path);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "become-root",
        "gain-by-setuid-program",
        "new-user-namespace",
        "mount-tmpfs",
        "make-device",
        "chroot-escape",
        "open-by-handle",
        "enter-namespace-of-first",
        "see-processes",
        "inherited-descriptors"
      })
  void gainsNoPower(String attempt) {
    assertRefused(attempt);
  }

  @Test
  void takesCodeAndTalksLikeAnyOther() throws IOException {
    Path code = Files.createDirectory(directory.resolve("code"));
    Files.setPosixFilePermissions(code, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.writeString(code.resolve("handler"), "code");
    try (Sandbox one = create(image);
        var channel = one.listen(9001)) {
      one.attach(List.of(new ReadOnlyMount(code, "/var/task")));
      Command read =
          new Command(
              List.of("/programs/hostile", "read", "/var/task/handler"),
              TestHost.ENVIRONMENT,
              "/var/task");
      assertThat(TestHost.run(one, read).output()).startsWith("BREACH");
      Command connect =
          new Command(
              List.of("/programs/hostile", "connect-port", "9001"), TestHost.ENVIRONMENT, "/");
      assertThat(TestHost.run(one, connect).output()).startsWith("BREACH");
      assertThat(channel.isOpen()).isTrue();
    }
  }

  @Test
  void imageWithoutAMountPointIsRefused() throws IOException {
    Path bare = image("bare");
    Files.delete(bare.resolve("proc"));
    assertThatThrownBy(() -> create(bare))
        .isInstanceOfSatisfying(
            SandboxException.class, e -> assertThat(e.path()).isEqualTo("/mnt/proc"));
  }

  @Test
  void mountPointsMustNotBeLinks() throws IOException {
    Path linked = image("linked");
    Files.delete(linked.resolve("etc/hosts"));
    Files.createSymbolicLink(linked.resolve("etc/hosts"), Path.of("/tmp"));
    assertThatThrownBy(() -> create(linked))
        .isInstanceOfSatisfying(
            SandboxException.class, e -> assertThat(e.path()).isEqualTo("/mnt/etc/hosts"));
  }

  @Test
  void missingImageIsRefused() {
    assertThatThrownBy(() -> create(directory.resolve("nowhere")))
        .isInstanceOfSatisfying(
            SandboxException.class, e -> assertThat(e.step()).isEqualTo("open-tree"));
  }
}
