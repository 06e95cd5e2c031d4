package dev.lambic.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Forks on the root file system of an image, which is their template's too. */
final class ForkedImageRootTest {
  @TempDir static Path directory;
  private static TestHost host;
  private static Path secret;
  private static Template template;
  private static Sandbox sandbox;

  @BeforeAll
  static void open() throws IOException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    host = new TestHost(directory);
    Path root = Files.createDirectory(directory.resolve("image"));
    for (String each : List.of("dev", "proc", "tmp", "etc", "mnt", "opt", "var/task")) {
      Files.createDirectories(root.resolve(each));
    }
    Files.writeString(root.resolve("etc/hosts"), "");
    Files.writeString(root.resolve("etc/resolv.conf"), "");
    Files.writeString(root.resolve("marker"), "of the image");
    assertThat(new Programs(root).path(".").normalize()).isEqualTo(root.resolve("programs"));
    secret = Files.writeString(directory.resolve("secret"), "of the host");
    template = host.sandboxes.template(spec("template", root));
    template.start(
        new Command(List.of("/programs/hostile", "serve"), TestHost.ENVIRONMENT, "/"),
        (b, n) -> {});
    sandbox = template.create(spec("fork", root));
    Path code = Files.createDirectory(directory.resolve("code"));
    Files.setPosixFilePermissions(code, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.writeString(code.resolve("code"), "of the function");
    sandbox.attach(List.of(new ReadOnlyMount(code, "/var/task")));
  }

  @AfterAll
  static void close() {
    host.close();
  }

  private static SandboxSpec spec(String name, Path root) {
    return new SandboxSpec(name, TestHost.LIMITS, TestHost.TMP, "169.254.10.21", Optional.of(root));
  }

  private static String hostile(String... attempt) {
    List<String> argv = new ArrayList<>(List.of("/programs/hostile"));
    argv.addAll(List.of(attempt));
    TestHost.Result result =
        TestHost.fork(template, sandbox, new Command(argv, TestHost.ENVIRONMENT, "/tmp"));
    return result.output();
  }

  @Test
  void seesTheImageAndWhatEverySandboxHas() {
    for (String file :
        List.of("/marker", "/etc/hosts", "/proc/self/status", "/dev/urandom", "/var/task/code")) {
      assertThat(hostile("read", file)).as(file).startsWith("BREACH");
    }
    assertThat(hostile("write", "/dev/null")).startsWith("BREACH");
    assertThat(hostile("create", "/tmp/mine")).startsWith("BREACH");
  }

  @Test
  void seesNothingOfTheHost() {
    for (String file :
        List.of(
            secret.toString(),
            "/proc/self/root" + secret,
            "/proc/1/root" + secret,
            "/usr/bin/env",
            "/etc/services",
            "/mnt/forking.so")) {
      assertThat(hostile("read", file)).as(file).startsWith("refused: ");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/marker",
        "/x",
        "/etc/hosts",
        "/etc/x",
        "/dev/x",
        "/programs/hostile",
        "/var/task/code",
        "/var/task/x",
        "/mnt/x",
        "/proc/sys/kernel/core_pattern"
      })
  void changesNothing(String path) {
    assertThat(hostile("write", path)).startsWith("refused: ");
    assertThat(hostile("create", path)).startsWith("refused: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/dev", "/proc", "/proc/sys", "/etc/hosts", "/var/task"})
  void doesNotChangeMounts(String path) {
    assertThat(hostile("remount-writable", path)).startsWith("refused: ");
    assertThat(hostile("unmount", path)).startsWith("refused: ");
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
    assertThat(hostile(attempt)).startsWith("refused: ");
  }
}
