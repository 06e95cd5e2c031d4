package dev.lambic.sandbox;

import static dev.lambic.sandbox.TestHost.fork;
import static dev.lambic.sandbox.TestHost.get;
import static dev.lambic.sandbox.TestHost.kill;
import static dev.lambic.sandbox.TestHost.run;
import static dev.lambic.sandbox.TestHost.runOk;
import static dev.lambic.sandbox.TestHost.shell;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Directories that sandboxes share: everybody's inside, and no way out of them. */
final class SharedMountTest {
  @TempDir static Path scratch;
  private static SharedDisk disk;
  private static Path directory;
  private static TestHost host;
  private static Programs programs;

  @BeforeAll
  static void open() throws IOException {
    host = new TestHost(scratch);
    programs = new Programs(scratch);
    disk = SharedDisk.below(scratch);
    directory = disk.directory();
  }

  @AfterAll
  static void close() throws IOException {
    host.close();
    disk.close();
  }

  private static SharedMount mount(String name) throws IOException {
    SharedMount mount = new SharedMount(directory.toRealPath().resolve(name), "/mnt/data");
    mount.prepare();
    return mount;
  }

  /** A sandbox that sees the directory of that name. */
  private static Sandbox with(String name) throws IOException {
    Sandbox sandbox = host.create();
    sandbox.share(List.of(mount(name)));
    return sandbox;
  }

  private static int owner(Path file) throws IOException {
    return (int) Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS);
  }

  private static void onHost(String... command) throws Exception {
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
  }

  @Test
  void whatOneWritesIsTheOthersToo() throws IOException {
    try (Sandbox one = with("both");
        Sandbox two = with("both")) {
      runOk(one, "mkdir /mnt/data/d && echo one >/mnt/data/d/file && chmod 600 /mnt/data/d/file");
      assertThat(runOk(two, "echo two >>/mnt/data/d/file; cat /mnt/data/d/file; "))
          .isEqualTo("one\ntwo\n");
      assertThat(runOk(two, "stat -c '%u %g %a' /mnt/data /mnt/data/d/file"))
          .isEqualTo("993 990 700\n993 990 600\n");
      runOk(two, "cd /mnt/data/d; ln file more; mv file moved; rm more; chown 993:990 moved");
      assertThat(runOk(one, "ls /mnt/data/d; stat -c %h /mnt/data/d/moved"))
          .isEqualTo("moved\n1\n");
    }
    Path file = directory.resolve("both/d/moved");
    assertThat(owner(file)).isEqualTo(SharedMount.OWNER);
    assertThat(Files.getAttribute(file, "unix:gid")).isEqualTo(SharedMount.OWNER);
    try (Sandbox later = with("both")) {
      assertThat(runOk(later, "cat /mnt/data/d/moved")).isEqualTo("one\ntwo\n");
    }
  }

  @Test
  void aProgramThatRunsAlreadySeesIt() throws IOException {
    try (Sandbox sandbox = host.create()) {
      TestHost.Output output = new TestHost.Output();
      SandboxProcess process =
          sandbox.start(shell("while [ ! -d /mnt/data ]; do :; done; echo x >/mnt/data/x"), output);
      sandbox.share(List.of(mount("late")));
      assertThat(get(process.exit())).isEqualTo(new ProcessExit(0, 0));
    }
    assertThat(directory.resolve("late/x")).hasContent("x");
  }

  @Test
  void whatWasForkedFromATemplateSeesIt() throws IOException {
    Template template = host.template(programs, "hostile");
    try (Sandbox forked = template.create(host.spec());
        Sandbox started = with("forked")) {
      forked.share(List.of(mount("forked")));
      TestHost.Result result =
          fork(template, forked, shell("echo fork >/mnt/data/f; stat -c %u:%g /mnt/data/f"));
      assertThat(result.output()).isEqualTo("993:990\n");
      assertThat(runOk(started, "echo and >>/mnt/data/f; cat /mnt/data/f"))
          .isEqualTo("fork\nand\n");
      assertThat(
              fork(template, forked, Programs.command("hostile", "unmount", "/mnt/data")).output())
          .startsWith("refused");
    } finally {
      template.close();
      template.sandbox().kill();
      get(template.gone());
    }
  }

  @Test
  void locksHoldBetweenSandboxes() throws IOException {
    try (Sandbox one = with("locks");
        Sandbox two = with("locks")) {
      SandboxProcess holder =
          one.start(
              shell(
                  "exec flock /mnt/data/lock sh -c"
                      + " 'echo >/mnt/data/held; while [ ! -e /mnt/data/go ]; do :; done'"),
              new TestHost.Output());
      TestHost.await("the lock", () -> Files.exists(directory.resolve("locks/held")));
      assertThat(run(two, "flock -n /mnt/data/lock true").exit()).isEqualTo(new ProcessExit(1, 0));
      runOk(two, "echo >/mnt/data/go; flock /mnt/data/lock true");
      assertThat(get(holder.exit())).isEqualTo(new ProcessExit(0, 0));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"without", "with", "file"})
  void imagesSeeItWithOrWithoutAPlaceOfTheirOwn(String name) throws IOException {
    Files.setPosixFilePermissions(scratch, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path root = Files.createDirectory(scratch.resolve("image-" + name));
    for (String each : List.of("dev", "proc", "tmp", "etc", "mnt/other")) {
      Files.createDirectories(root.resolve(each));
    }
    if (name.equals("with")) {
      Files.createDirectory(root.resolve("mnt/data"));
    } else if (name.equals("file")) {
      Files.createFile(root.resolve("mnt/data"));
    }
    Files.writeString(root.resolve("etc/hosts"), "");
    Files.writeString(root.resolve("etc/resolv.conf"), "");
    new Programs(root);
    try (Sandbox sandbox =
        host.sandboxes.create(
            new SandboxSpec(
                "image-" + name,
                TestHost.LIMITS,
                TestHost.TMP,
                "169.254.10.21",
                Optional.of(root)))) {
      sandbox.share(List.of(mount("for-image-" + name)));
      Command create =
          new Command(
              List.of("/programs/hostile", "create", "/mnt/data/made"),
              TestHost.ENVIRONMENT,
              "/tmp");
      assertThat(run(sandbox, create).output()).startsWith("BREACH");
      assertThat(directory.resolve("for-image-" + name + "/made")).exists();
    }
    assertThat(root.resolve("mnt/data/made")).doesNotExist();
  }

  @Test
  void whatTheHostMountsLaterIsNotSeen() throws Exception {
    Path shared = mount("peers").source();
    // As on hosts on which all mounts are shared.
    onHost("mount", "--bind", shared.toString(), shared.toString());
    onHost("mount", "--make-shared", shared.toString());
    try (Sandbox sandbox = with("peers")) {
      sandbox.attach(List.of(new ReadOnlyMount(shared, "/var/task")));
      runOk(sandbox, "mkdir /mnt/data/later");
      String later = shared.resolve("later").toString();
      onHost("mount", "-t", "tmpfs", "lambic-later", later);
      try {
        assertThat(runOk(sandbox, "ls /mnt/data /var/task; cat /proc/self/mountinfo"))
            .contains("later\n", " /mnt/data ", " /var/task ")
            .doesNotContain("lambic-later");
      } finally {
        onHost("umount", later);
      }
    } finally {
      onHost("umount", "-l", shared.toString());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"head -c 20M /dev/zero >x", "seq 500 | xargs touch"})
  void noneIsMountedOfADiskThatIsNearlyFull(String fill) throws Exception {
    Path full = Files.createTempDirectory(scratch.toRealPath(), "full");
    Path image = full.resolveSibling(full.getFileName() + ".image");
    onHost("truncate", "-s", "16M", image.toString());
    onHost("mkfs.ext4", "-q", "-F", "-N", "64", image.toString());
    onHost("mount", "-o", "loop", image.toString(), full.toString());
    try {
      SharedMount mount = new SharedMount(full.resolve("point"), "/mnt/data");
      mount.prepare();
      onHost("sh", "-c", "cd \"$0\"; " + fill + " 2>/dev/null; true", full.toString());
      assertFails(mount, "share-space");
      onHost("sh", "-c", "cd \"$0\" && rm -f x && seq 500 | xargs rm -f", full.toString());
      try (Sandbox sandbox = host.create()) {
        sandbox.share(List.of(mount));
        runOk(sandbox, "touch /mnt/data/x");
        kill(sandbox);
      }
    } finally {
      onHost("umount", full.toString());
    }
  }

  @Test
  void setuidProgramsAndDevicesAreWithoutPower() throws Exception {
    try (Sandbox one = with("power");
        Sandbox two = with("power")) {
      runOk(one, "cp /usr/bin/id /mnt/data/id && chmod 6755 /mnt/data/id");
      Path roots = directory.resolve("power/roots");
      Files.copy(Path.of("/usr/bin/id"), roots);
      onHost("chmod", "6755", roots.toString());
      onHost("mknod", "-m", "666", directory.resolve("power/zero").toString(), "c", "1", "5");
      for (Sandbox each : List.of(one, two)) {
        assertThat(runOk(each, "/mnt/data/id -u; /mnt/data/id -g; /mnt/data/roots -u"))
            .isEqualTo("993\n990\n993\n");
        assertThat(run(each, "head -c 1 /mnt/data/zero").output()).contains("Permission denied");
      }
      assertThat(run(one, "mknod /mnt/data/mem c 1 1").output()).contains("not permitted");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "990:0", "65534", "1000:1000", "1878982656", "1"})
  void filesAreGivenToNobodyElse(String owner) throws IOException {
    try (Sandbox sandbox = with("gifts")) {
      String ids = owner.contains(":") ? owner : owner + ":" + owner;
      assertThat(run(sandbox, "touch /mnt/data/f; chown " + ids + " /mnt/data/f").output())
          .containsAnyOf("not permitted", "Invalid argument", "Value too large");
      assertThat(owner(directory.resolve("gifts/f"))).isEqualTo(SharedMount.OWNER);
    }
  }

  @Test
  void whatBelongsToOthersOnTheHostCanBeReadAtMost() throws IOException {
    try (Sandbox sandbox = with("foreign")) {
      Path open = Files.writeString(directory.resolve("foreign/open"), "of root");
      Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rw-rw-rw-"));
      Path closed = Files.writeString(directory.resolve("foreign/closed"), "secret");
      Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rw-------"));
      assertThat(runOk(sandbox, "cat /mnt/data/open")).isEqualTo("of root");
      assertThat(run(sandbox, "cat /mnt/data/closed").output()).contains("Permission denied");
      assertThat(run(sandbox, "echo x >/mnt/data/open").exit().code()).isNotZero();
      assertThat(run(sandbox, "chmod 777 /mnt/data/open").exit().code()).isNotZero();
      assertThat(run(sandbox, "rm -f /mnt/data/open").exit().code()).isNotZero();
      assertThat(open).hasContent("of root");
    }
  }

  @Test
  void nothingLeadsOutOfIt() throws IOException {
    Path other = mount("other").source();
    Files.writeString(other.resolve("secret"), "of another");
    try (Sandbox sandbox = with("inside")) {
      assertThat(runOk(sandbox, "ls -a /mnt/data/.. /mnt")).doesNotContain("other");
      assertThat(run(sandbox, "cat /mnt/data/../other/secret").output()).contains("No such file");
      assertThat(run(sandbox, "cat /mnt/other/secret").output()).contains("No such file");
      assertThat(run(sandbox, "ln -s " + other + " /mnt/data/l; cat /mnt/data/l/secret").output())
          .contains("No such file");
      runOk(sandbox, "ln -s /etc/shadow /mnt/data/shadow; ln -s ../other /mnt/data/up");
      assertThat(run(sandbox, "cd /mnt/data; mkdir -p a/b; cd a/b; mv ../b /mnt; ls").output())
          .containsAnyOf("Read-only", "cross-device", "busy");
      assertThat(run(sandbox, "touch /mnt/x; rmdir /mnt/data; mv /mnt/data /mnt/x").output())
          .contains("Read-only file system");
      for (String attempt : List.of("unmount", "remount-writable")) {
        assertThat(run(sandbox, programs(sandbox, attempt)).output()).startsWith("refused");
      }
      // Another environment does not see more by what was planted.
      try (Sandbox two = with("inside")) {
        assertThat(run(two, "cat /mnt/data/shadow /mnt/data/up/secret /mnt/data/l/secret").output())
            .doesNotContain("root:")
            .doesNotContain("of another");
      }
    }
  }

  private static Command programs(Sandbox sandbox, String attempt) {
    sandbox.attach(List.of(programs.mount()));
    return Programs.command("hostile", attempt, "/mnt/data");
  }

  @Test
  void noLinkIsFollowedOnTheWayToIt() throws IOException {
    Path real = directory.toRealPath();
    Files.createSymbolicLink(real.resolve("planted"), Path.of("/etc"));
    SharedMount planted = new SharedMount(real.resolve("planted"), "/mnt/data");
    assertThatThrownBy(planted::prepare).isInstanceOf(NotDirectoryException.class);
    assertThat(owner(Path.of("/etc"))).isZero();
    assertFails(planted, "share-source");
    assertFails(new SharedMount(real.resolve("planted/ssl"), "/mnt/data"), "share-source");
    Files.writeString(real.resolve("plain"), "");
    assertFails(new SharedMount(real.resolve("plain"), "/mnt/data"), "share-source");
    assertFails(new SharedMount(real.resolve("nowhere"), "/mnt/data"), "share-source");
  }

  private static void assertFails(SharedMount mount, String step) {
    Sandbox sandbox = host.create();
    assertThatThrownBy(() -> sandbox.share(List.of(mount)))
        .isInstanceOfSatisfying(SandboxException.class, e -> assertThat(e.step()).isEqualTo(step));
    get(sandbox.gone());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/mnt", "/mnt/", "/mnt/.", "/mnt/..", "/mnt/a/b", "/etc/x", "mnt/x", "/mnt/a\0"})
  void otherPlacesAreNone(String target) {
    assertThatThrownBy(() -> new SharedMount(directory.toAbsolutePath(), target))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** What cannot be mapped on this file system is refused, and never mounted without a map. */
  @Test
  void aFileSystemWithoutMappedOwnersIsRefused() {

    Sandbox sandbox = host.create();
    assertThatThrownBy(
            () -> sandbox.share(List.of(new SharedMount(Path.of("/proc/sys"), "/mnt/data"))))
        .isInstanceOfSatisfying(
            SandboxException.class, e -> assertThat(e.step()).isEqualTo("share-map"));
    get(sandbox.gone());
  }

  @Test
  void filesOutliveTheSandboxAndTheMountDoesNot() throws IOException {
    String name = "outlive-" + ProcessHandle.current().pid();
    Sandbox sandbox = with(name);
    runOk(sandbox, "echo kept >/mnt/data/kept");
    assertThat(whoSeesAMountOf(name)).isNotEmpty();
    kill(sandbox);
    assertThat(directory.resolve(name + "/kept")).hasContent("kept\n");
    assertThat(whoSeesAMountOf(name)).isEmpty();
  }

  /** Processes of the host in whose view it is. */
  private static List<Path> whoSeesAMountOf(String name) throws IOException {
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      return processes.filter(process -> sees(process, name)).toList();
    }
  }

  private static boolean sees(Path process, String name) {
    try {
      return Files.readString(process.resolve("mountinfo")).contains("/" + name + " ");
    } catch (IOException e) {
      return false; // It is none, or ended.
    }
  }
}
