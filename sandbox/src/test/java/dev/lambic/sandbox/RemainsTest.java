package dev.lambic.sandbox;

import static dev.lambic.sandbox.TestHost.kill;
import static dev.lambic.sandbox.TestHost.runOk;
import static dev.lambic.sandbox.TestHost.shell;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nothing is left of sandboxes that ended, however they ended. */
final class RemainsTest {
  private static final int ROUNDS = 25;

  @TempDir static Path directory;

  /** Everything that a leak would make grow. */
  private record Counts(
      int serverDescriptors,
      int launcherDescriptors,
      int serverMounts,
      int launcherMounts,
      long loops,
      long launcherChildren,
      List<String> groups) {
    static Counts now(TestHost host) {
      long launcher = Remains.launcher(ProcessHandle.current(), host.config);
      return new Counts(
          Remains.descriptors(ProcessHandle.current().pid()),
          Remains.descriptors(launcher),
          Remains.mounts(ProcessHandle.current().pid()),
          Remains.mounts(launcher),
          Remains.loops(host.config),
          Remains.children(launcher),
          CgroupDriver.open(host.config.instance()).names());
    }
  }

  private static void liveAndDie(TestHost host, int round) {
    Sandbox sandbox = host.create();
    sandbox.listen(9001);
    sandbox.attach(List.of(new ReadOnlyMount(Path.of("/usr/share"), "/opt")));
    runOk(sandbox, "dd if=/dev/zero of=/tmp/x bs=1M count=5 2>/dev/null");
    sandbox.start(shell("sleep 1000 & sleep 1000"), (b, n) -> {});
    if (round % 2 == 0) {
      sandbox.freeze();
    }
    kill(sandbox);
  }

  @Test
  void killedSandboxesLeaveNothing() {
    try (TestHost host = new TestHost(directory)) {
      for (int i = 0; i < 5; i++) {
        liveAndDie(host, i);
      }
      TestHost.await("stock of /tmp", () -> Remains.loops(host.config) == host.config.readyTmps());
      Counts before = Counts.now(host);
      for (int i = 0; i < ROUNDS; i++) {
        liveAndDie(host, i);
      }
      TestHost.await("as before", () -> Counts.now(host).equals(before));
      assertThat(before.groups()).isEmpty();
      assertThat(before.launcherChildren()).as("the maker of /tmp").isEqualTo(1);
    }
    assertThat(CgroupMount.all())
        .allSatisfy(mount ->
            assertThat(CgroupDriver.subdirectories(mount.path()))
                .doesNotContain(
                    "lambic-" + SandboxConfig.of(directory.resolve("sandboxes")).instance()));
  }

  private static void forkAndDie(TestHost host, Template template, int round) {
    Sandbox sandbox = template.create(host.spec());
    sandbox.listen(9001);
    TestHost.fork(template, sandbox, shell("echo x >/tmp/x; sleep 1000 >/dev/null 2>&1 &"));
    if (round % 3 == 0) {
      sandbox.freeze();
    }
    kill(sandbox);
  }

  @Test
  void forkedSandboxesLeaveNothing() {
    try (TestHost host = new TestHost(directory.resolve("forked"))) {
      Programs programs = new Programs(directory);
      try (Template template = host.template(programs, "hostile")) {
        for (int i = 0; i < 5; i++) {
          forkAndDie(host, template, i);
        }
        TestHost.await("stock", () -> Remains.loops(host.config) == host.config.readyTmps() + 1);
        Counts before = Counts.now(host);
        for (int i = 0; i < ROUNDS; i++) {
          forkAndDie(host, template, i);
        }
        TestHost.await("as before", () -> Counts.now(host).equals(before));
        assertThat(before.groups()).as("the template").hasSize(1);
        assertThat(before.launcherChildren()).as("with the maker of /tmp").isEqualTo(2);
      }
      TestHost.await("nothing", () -> Counts.now(host).launcherChildren() == 1);
      TestHost.await(
          "no groups", () -> CgroupDriver.open(host.config.instance()).names().isEmpty());
    }
  }

  @Test
  void openChannelsDoNotKeepNetworksAlive() {
    int count = 100;
    try (TestHost host = new TestHost(directory.resolve("networks"))) {
      long before = Remains.networkNamespaces();
      List<Sandbox> sandboxes =
          java.util.stream.Stream.generate(host::create).limit(count).toList();
      sandboxes.forEach(sandbox -> sandbox.listen(9001));
      assertThat(Remains.networkNamespaces()).isGreaterThan(before + count / 2);
      sandboxes.forEach(Sandbox::kill);
      sandboxes.forEach(sandbox -> TestHost.get(sandbox.gone()));
      // Newer kernels free a network only when the next one ends.
      TestHost.await(
          "networks gone",
          () -> {
            kill(host.create());
            return Remains.networkNamespaces() < before + count / 2;
          });
    }
  }

  @Test
  void sandboxThatFailedToStartLeavesNothing() {
    try (TestHost host = new TestHost(directory.resolve("failed"))) {
      for (int i = 0; i < 3; i++) {
        Sandbox sandbox = host.create();
        org.assertj.core.api.Assertions.assertThatThrownBy(
                () -> sandbox.start(new Command(List.of("/nowhere"), List.of(), "/"), (b, n) -> {}))
            .isInstanceOf(SandboxException.class);
        TestHost.get(sandbox.gone());
      }
      assertThat(CgroupDriver.open(host.config.instance()).names()).isEmpty();
    }
  }
}
