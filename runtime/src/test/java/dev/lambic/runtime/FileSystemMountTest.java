package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpServer;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.Ticker;
import dev.lambic.sandbox.HostProbe;
import dev.lambic.sandbox.LinuxSandboxes;
import dev.lambic.sandbox.SandboxConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** File systems in environments of every origin, in real sandboxes. */
final class FileSystemMountTest {
  private static final String HANDLER =
      """
      import os
      IMPORTED = os.path.exists("/mnt/data/log")
      def handler(event, context):
          with open("/mnt/data/log", "a") as log:
              log.write("x")
          about = os.stat("/mnt/data/log")
          with open("/proc/self/mountinfo") as info:
              mounts = sorted(line.split()[4:6] for line in info if " /mnt" in line)
          return [
              str(about.st_size), str(IMPORTED),
              " ".join(map(str, (about.st_uid, about.st_gid, oct(about.st_mode)))),
              " ".join(" ".join(mount) for mount in mounts),
          ]
      """;

  private final ConcurrentLinkedQueue<Throwable> faults = new ConcurrentLinkedQueue<>();
  @TempDir private Path directory;
  private LinuxSandboxes sandboxes;
  private HttpServer server;
  private RuntimeCatalog catalog;
  private Path code;
  private FileSystemMount mount;
  private Path files;
  private boolean mounted;

  private void run(String command) throws IOException {
    try {
      ProcessBuilder shell = new ProcessBuilder("sh", "-c", command);
      assertThat(shell.directory(directory.toFile()).inheritIO().start().waitFor()).isZero();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @BeforeEach
  void open() throws IOException {
    sandboxes =
        LinuxSandboxes.open(
            SandboxConfig.of(directory.resolve("sandboxes")), (where, fault) -> faults.add(fault));
    server = HttpServer.start(1, (where, fault) -> faults.add(fault));
    catalog =
        new RuntimeCatalog(
            Bootstraps.layOut(directory.resolve("bootstraps")),
            null,
            List.of(Path.of("/usr"), Path.of("/usr/local")),
            List.of());
    code = Files.createDirectory(directory.resolve("code"));
    Files.setPosixFilePermissions(code, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.writeString(code.resolve("handler.py"), HANDLER);
    files = Files.createDirectory(directory.toRealPath().resolve("files"));
    mounted =
        HostProbe.probe(files).guarantees().stream()
            .noneMatch(one -> one.name().equals("file-systems") && one.holds());
    if (mounted) {
      // Owners cannot be mapped on the file system of the tests, but on this.
      run("truncate -s 64M files.image && mkfs.ext4 -q -F files.image");
      run("mount -o loop files.image files");
    }
    mount = new FileSystemMount("arn", files.resolve("point"), "/mnt/data");
  }

  @AfterEach
  void close() throws IOException {
    server.close();
    sandboxes.close();
    if (mounted) {
      run("umount files");
    }
    assertThat(faults).isEmpty();
  }

  private EnvironmentFactory factory(FastPath... fast) {
    EnvironmentFactory factory =
        new EnvironmentFactory(
            sandboxes,
            server,
            (request, responder) -> responder.send(404, Headers.empty(), new byte[0]),
            Ticker.system(),
            Ids.secure(),
            (where, fault) -> faults.add(fault),
            Set.of(fast));
    if (fast.length > 0) {
      factory.expect(
          "000000000000", "r", "owner", "1", catalog.find("python3.11"), 1024, 512, Map.of());
    }
    return factory;
  }

  private static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      LockSupport.parkNanos(1_000_000);
    }
  }

  private EnvironmentSpec spec() {
    return VariablesTest.withFileSystems(
        catalog.find("python3.11"), Map.of(), code, List.of(mount));
  }

  /** What a function says in an environment of its own, which is gone then. */
  private List<String> say(EnvironmentFactory from) throws Exception {
    RecordingListener heard = new RecordingListener();
    Environment environment = from.start(spec(), heard);
    try {
      heard.next("ready");
      byte[] event = "{}".getBytes(StandardCharsets.UTF_8);
      long deadline = System.currentTimeMillis() + 60_000;
      environment.deliver(new Work("id-1", event, "arn", deadline, null, null, false));
      String said = heard.next("responded").body();
      return List.of(said.substring(2, said.length() - 2).split("\", ?\"", -1));
    } finally {
      environment.kill();
      environment.gone().get(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void everyOriginOfAnEnvironmentSeesTheSameFilesBeforeItsCode() throws Exception {
    List<String> facts;
    try (EnvironmentFactory started = factory()) {
      List<String> said = say(started);
      assertThat(said).startsWith("1", "False", "993 990 0o100644");
      facts = said.subList(2, said.size());
      assertThat(facts.getLast())
          .startsWith("/mnt ro,nosuid,nodev,noexec")
          .contains("/mnt/data rw,nosuid,nodev");
    }
    try (EnvironmentFactory shells = factory(FastPath.SHELLS)) {
      await("a shell", () -> shells.stock().cells().size() > 0);
      assertThat(say(shells)).startsWith("2", "True").endsWith(facts.toArray(String[]::new));
      assertThat(shells.stock().taken()).isEqualTo(1);
    }
    try (EnvironmentFactory stems = factory(FastPath.STEM_CELLS)) {
      await("a stem cell", () -> waiting(stems) > 0);
      assertThat(say(stems)).startsWith("3", "True").endsWith(facts.toArray(String[]::new));
      assertThat(stems.stock().taken()).isEqualTo(1);
    }
    try (EnvironmentFactory forks = factory(FastPath.ZYGOTES)) {
      Zygotes.Kind kind = Zygotes.Kind.ofAll(Recipe.of(spec()).orElseThrow());
      await("a zygote", () -> forks.zygotes().find(kind, List.of()) != null);
      assertThat(say(forks)).startsWith("4", "True").endsWith(facts.toArray(String[]::new));
      assertThat(forks.zygotes().forks()).isEqualTo(1);
    }
  }

  private static long waiting(EnvironmentFactory factory) {
    return factory.stock().cells().stream().filter(cell -> cell.binding().isAsked()).count();
  }
}
