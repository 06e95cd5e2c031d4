package dev.lambic.sandbox;

import static dev.lambic.sandbox.TestHost.get;
import static dev.lambic.sandbox.TestHost.run;
import static dev.lambic.sandbox.TestHost.runOk;
import static dev.lambic.sandbox.TestHost.shell;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Directories of the host seen inside, without being changeable from there. */
final class AttachTest {
  @TempDir static Path directory;
  private static TestHost host;

  @BeforeAll
  static void open() {
    host = new TestHost(directory);
  }

  @AfterAll
  static void close() {
    host.close();
  }

  private static Path code(String name, String content) throws IOException {
    Path code = Files.createDirectories(directory.resolve(name));
    Files.setPosixFilePermissions(code, PosixFilePermissions.fromString("rwxrwxrwx"));
    Path file = code.resolve("handler");
    Files.writeString(file, content);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
    return code;
  }

  @Test
  void runningProgramSeesWhatIsAttachedLater() throws IOException {
    Path code = code("late", "code");
    try (Sandbox sandbox = host.create()) {
      TestHost.Output output = new TestHost.Output();
      SandboxProcess process =
          sandbox.start(
              shell("while [ ! -e /var/task/handler ]; do :; done; cat /var/task/handler"), output);
      sandbox.attach(List.of(new ReadOnlyMount(code, "/var/task")));
      assertThat(get(process.exit())).isEqualTo(new ProcessExit(0, 0));
      process.drain();
      assertThat(output.text()).isEqualTo("code");
    }
  }

  @Test
  void nobodyInsideCanChangeIt() throws IOException {
    Path code = code("fixed", "code");
    try (Sandbox sandbox = host.create()) {
      sandbox.attach(List.of(new ReadOnlyMount(code, "/var/task")));
      assertThat(
              run(sandbox, "echo x >/var/task/handler; touch /var/task/new; rm /var/task/handler")
                  .output())
          .contains("Read-only file system")
          .doesNotContain("Permission denied");
    }
    assertThat(code.resolve("handler")).hasContent("code");
    assertThat(code.resolve("new")).doesNotExist();
  }

  @Test
  void attachesSeveralPlacesAndLaterOverEarlier() throws IOException {
    Path first = code("first", "1");
    Path second = code("second", "2");
    try (Sandbox sandbox = host.create()) {
      sandbox.attach(
          List.of(
              new ReadOnlyMount(first, "/opt"),
              new ReadOnlyMount(first, "/var/lang"),
              new ReadOnlyMount(second, "/var/lang"),
              new ReadOnlyMount(second, "/var/runtime")));
      assertThat(runOk(sandbox, "cat /opt/handler /var/lang/handler /var/runtime/handler"))
          .isEqualTo("122");
    }
  }

  @Test
  void oneDirectoryServesManySandboxes() throws IOException {
    Path code = code("shared", "same");
    try (Sandbox one = host.create();
        Sandbox two = host.create()) {
      ReadOnlyMount mount = new ReadOnlyMount(code, "/var/task");
      one.attach(List.of(mount));
      two.attach(List.of(mount));
      TestHost.kill(one);
      assertThat(runOk(two, "cat /var/task/handler")).isEqualTo("same");
    }
  }

  @Test
  void setuidProgramsAndDevicesAreWithoutPower() throws Exception {
    Path code = code("power", "");
    Path program = code.resolve("id");
    Files.copy(Path.of("/usr/bin/id"), program);
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    assertThat(new ProcessBuilder("chmod", "u+s", program.toString()).start().waitFor()).isZero();
    Path device = code.resolve("zero");
    assertThat(
            new ProcessBuilder("mknod", "-m", "666", device.toString(), "c", "1", "5")
                .start()
                .waitFor())
        .isZero();
    try (Sandbox sandbox = host.create()) {
      sandbox.attach(List.of(new ReadOnlyMount(code, "/opt")));
      assertThat(runOk(sandbox, "/opt/id -u")).isEqualTo("993\n");
      assertThat(run(sandbox, "head -c 1 /opt/zero").output()).contains("Permission denied");
    }
  }

  @Test
  void missingSourceOrTargetEndsTheSandbox() throws IOException {
    Path code = code("target", "");
    assertAttachFails(new ReadOnlyMount(directory.resolve("nowhere"), "/opt"), "open-tree");
    assertAttachFails(new ReadOnlyMount(code, "/nowhere"), "target");
  }

  @Test
  void targetMustNotLeadThroughLinksOfTheFunction() throws IOException {
    Path code = code("link", "");
    Sandbox sandbox = host.create();
    runOk(sandbox, "ln -s /var/task /tmp/link");
    assertThatThrownBy(() -> sandbox.attach(List.of(new ReadOnlyMount(code, "/tmp/link"))))
        .isInstanceOf(SandboxException.class)
        .hasMessageContaining("target");
    get(sandbox.gone());
  }

  private static void assertAttachFails(ReadOnlyMount mount, String step) {
    Sandbox sandbox = host.create();
    assertThatThrownBy(() -> sandbox.attach(List.of(mount)))
        .isInstanceOfSatisfying(
            SandboxException.class,
            e -> {
              assertThat(e.step()).isEqualTo(step);
              assertThat(e.errno()).isEqualTo(Errno.ENOENT);
            });
    get(sandbox.gone());
  }
}
