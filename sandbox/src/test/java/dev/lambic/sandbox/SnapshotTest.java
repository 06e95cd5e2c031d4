package dev.lambic.sandbox;

import static dev.lambic.sandbox.TestHost.await;
import static dev.lambic.sandbox.TestHost.get;
import static dev.lambic.sandbox.TestHost.run;
import static dev.lambic.sandbox.TestHost.runOk;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Programs that go on in another sandbox. Where this host has no criu, nothing goes on, and what
 * says so is looked at.
 */
final class SnapshotTest {
  /** Waits until it is a process that started later, and tells what it can see and do then. */
  private static final String PROGRAM =
      """
      import os, threading, time, ctypes
      def started():
          with open('/proc/self/stat') as f:
              return f.read().rpartition(')')[2].split()[19]
      secret = os.urandom(8).hex()
      with open('/tmp/note', 'w') as f:
          f.write(secret)
      os.makedirs('/tmp/deep/er', exist_ok=True)
      os.symlink('../note', '/tmp/deep/link')
      os.chmod('/tmp/note', 0o640)
      done = threading.Event()
      threading.Thread(target=done.wait, daemon=True).start()
      mine, pid = started(), os.getpid()
      print('ready', secret, flush=True)
      while started() == mine:
          time.sleep(0.001)
      print('memory', secret, flush=True)
      print('note', open('/tmp/deep/link').read(), oct(os.stat('/tmp/note').st_mode & 0o777))
      print('ids', os.getuid(), os.getgid(), os.getgroups(), os.stat('/tmp/note').st_uid)
      print('pid', os.getpid() == pid, os.path.exists('/proc/1/status'))
      for line in open('/proc/self/status'):
          if line.startswith(('Cap', 'NoNewPrivs', 'Seccomp:')):
              print(line.split()[0], line.split()[1])
      libc = ctypes.CDLL(None, use_errno=True)
      for what, call in (('unshare', lambda: libc.unshare(0x10000000)),
                         ('mount', lambda: libc.mount(b'x', b'/tmp', b'tmpfs', 0, None))):
          print(what, call(), ctypes.get_errno())
      print('files', sorted(os.listdir('/proc/self/fd')), flush=True)
      while not os.path.exists('/tmp/end'):
          time.sleep(0.01)
      os._exit(7)
      """;

  /** Opens all kinds of things, and tells what they are when it goes on elsewhere. */
  private static final String HOLDER =
      """
      import ctypes, os, select, socket, sys, time
      def started():
          with open('/proc/self/stat') as f:
              return f.read().rpartition(')')[2].split()[19]
      libc = ctypes.CDLL(None, use_errno=True)
      kept = [open('/proc/self/status'), open('/dev/urandom', 'rb'), open('/usr/bin/env', 'rb'),
              socket.socket(), socket.socketpair(), os.pipe(), select.epoll()]
      memory = libc.memfd_create(b'own', 0)
      os.write(memory, b'kept')
      others = [libc.eventfd(5, 0), libc.timerfd_create(1, 0), os.open('/usr', os.O_RDONLY)]
      kept[3].bind(('127.0.0.1', 0))
      kept[3].listen()
      gone = open('/tmp/gone', 'w+')
      gone.write('still here')
      gone.flush()
      os.unlink('/tmp/gone')
      %s
      mine = started()
      print('ready for it', flush=True)
      while started() == mine:
          time.sleep(0.001)
      gone.seek(0)
      os.lseek(memory, 0, 0)
      print(gone.read(), os.read(memory, 10), min(others) > 2, kept[0].name, flush=True)
      """;

  private static final long MEMORY = TestHost.LIMITS.memoryBytes();

  @TempDir static Path directory;
  private static TestHost host;
  private static Optional<Criu> criu;

  private final List<Sandbox> made = new ArrayList<>();

  @BeforeAll
  static void open() {
    host = new TestHost(directory);
    criu = Snapshots.criu(host);
  }

  @AfterAll
  static void close() {
    host.close();
  }

  private Sandbox create() {
    Sandbox sandbox = Snapshots.create(host);
    made.add(sandbox);
    return sandbox;
  }

  private void killAll() {
    made.forEach(TestHost::kill);
    made.clear();
  }

  /** A program with its files, and what it kept in memory. */
  private record Taken(Path images, Checkpoint checkpoint, String secret) {}

  private Taken take(String name) throws IOException {
    return take(name, PROGRAM);
  }

  private Taken take(String name, String program) throws IOException {
    Path images = Files.createDirectory(directory.resolve(name));
    Sandbox sandbox = create();
    TestHost.Output output = new TestHost.Output();
    Command python =
        new Command(List.of("/usr/bin/python3", "-c", program), TestHost.ENVIRONMENT, "/");
    SandboxProcess process = sandbox.start(python, output);
    await("ready", () -> output.text().contains("ready") && output.text().endsWith("\n"));
    Checkpoint checkpoint = sandbox.checkpoint(criu.orElseThrow(), images, MEMORY);
    assertThat(get(process.exit())).isEqualTo(new ProcessExit(0, ProcessExit.SIGKILL));
    TestHost.kill(sandbox);
    made.remove(sandbox);
    return new Taken(images, checkpoint, output.text().strip().split(" ")[1]);
  }

  @Test
  void asFarAsThisHostCan() throws IOException {
    try {
      if (criu.isPresent()) {
        goesOnWithAllThatItHadAndNoMore();
        aCopyMayHoldWhatAProgramMayOpen();
        aCopyThatHoldsAnythingElseDoesNotRun();
        aBrokenImageIsRefused();
        tooMuchMemoryIsRefusedAndLeavesNothing();
        nothingIsLeftOfOneThatIsKilledMeanwhile();
        thereMayBeOneProgramOnly();
      } else {
        nothingCanBeTakenWithoutCriu();
      }
    } finally {
      killAll();
    }
  }

  private void goesOnWithAllThatItHadAndNoMore() throws IOException {
    Taken taken = take("image");
    for (int i = 0; i < 2; i++) {
      // Both live at the same time.
      Sandbox sandbox = create();
      TestHost.Output output = new TestHost.Output();
      SandboxProcess process =
          sandbox.restore(criu.orElseThrow(), taken.images, taken.checkpoint, output);
      await("files", () -> output.text().contains("files") && output.text().endsWith("\n"));
      assertThat(output.text())
          .isEqualTo(
              """
              memory %1$s
              note %1$s 0o640
              ids 993 990 [] 993
              pid True False
              CapInh: 0000000000000000
              CapPrm: 0000000000000000
              CapEff: 0000000000000000
              CapBnd: 0000000000000000
              CapAmb: 0000000000000000
              NoNewPrivs: 1
              Seccomp: 2
              unshare -1 1
              mount -1 1
              files ['0', '1', '2', '3']
              """
                  .formatted(taken.secret));
      sandbox.freeze();
      sandbox.thaw();
      assertThat(sandbox.memory().peakBytes()).isPositive();
      if (i == 0) {
        assertThat(runOk(sandbox, "id -u; touch /tmp/end")).isEqualTo("993\n");
        assertThat(get(process.exit())).isEqualTo(new ProcessExit(7, 0));
      } else {
        process.signal(15);
        assertThat(get(process.exit())).isEqualTo(new ProcessExit(0, 15));
        sandbox.clear();
      }
    }
    killAll();
  }

  private void aCopyMayHoldWhatAProgramMayOpen() throws IOException {
    Taken taken = take("holder", HOLDER.formatted(""));
    Sandbox sandbox = create();
    TestHost.Output output = new TestHost.Output();
    SandboxProcess process =
        sandbox.restore(criu.orElseThrow(), taken.images, taken.checkpoint, output);
    assertThat(get(process.exit())).isEqualTo(new ProcessExit(0, 0));
    process.drain();
    assertThat(output.text()).isEqualTo("still here b'kept' True /proc/self/status\n");
    killAll();
  }

  /** By a descriptor of a process, which criu restores and which is on no list of what may be. */
  private void aCopyThatHoldsAnythingElseDoesNotRun() throws IOException {
    Taken taken = take("other", HOLDER.formatted("other = os.pidfd_open(os.getpid())"));
    Sandbox sandbox = create();
    TestHost.Output output = new TestHost.Output();
    assertThatThrownBy(
            () -> sandbox.restore(criu.orElseThrow(), taken.images, taken.checkpoint, output))
        .isInstanceOfSatisfying(
            SandboxException.class,
            e -> {
              assertThat(e.step()).as("%s", e).isEqualTo("restored-descriptor");
              assertThat(e.speaksOfImages()).isTrue();
            });
    get(sandbox.gone());
    assertThat(output.text()).isEmpty();
    killAll();
  }

  private void tooMuchMemoryIsRefusedAndLeavesNothing() throws IOException {
    Path images = Files.createDirectory(directory.resolve("much"));
    Sandbox sandbox = create();
    SandboxProcess process = sandbox.start(TestHost.shell("sleep 1000"), new TestHost.Output());
    assertThatThrownBy(() -> sandbox.checkpoint(criu.orElseThrow(), images, 1000))
        .isInstanceOfSatisfying(
            SandboxException.class, e -> assertThat(e.step()).isEqualTo("memory"));
    assertThat(get(process.exit())).isEqualTo(new ProcessExit(0, ProcessExit.SIGKILL));
    get(sandbox.gone());
    assertThat(images).isEmptyDirectory();
    killAll();
  }

  private void nothingIsLeftOfOneThatIsKilledMeanwhile() throws IOException {
    Path images = Files.createDirectory(directory.resolve("killed"));
    Sandbox sandbox = create();
    TestHost.Output output = new TestHost.Output();
    var _ =
        sandbox.start(
            TestHost.shell("head -c 50000000 /dev/urandom >/tmp/much; echo ready; sleep 1000"),
            output);
    await("ready", () -> output.text().equals("ready\n"));
    Thread killer =
        Thread.ofVirtual()
            .start(() -> {
              await("files", () -> !isEmpty(images));
              sandbox.kill();
            });
    // Nearly always in the midst of it.
    try {
      var _ = sandbox.checkpoint(criu.orElseThrow(), images, MEMORY);
    } catch (SandboxException e) {
      // If the program ends before criu does, criu may still say so itself.
      assertThat(e.speaksOfImages() && e.errno() != Errno.EIO).as("%s", e).isFalse();
    }
    await("the end of the killer", () -> !killer.isAlive());
    get(sandbox.gone());
    killAll();
  }

  private static boolean isEmpty(Path images) {
    try (Stream<Path> all = Files.list(images)) {
      return all.findAny().isEmpty();
    } catch (IOException e) {
      return true;
    }
  }

  private void aBrokenImageIsRefused() throws IOException {
    Taken taken = take("broken");
    Files.delete(taken.images.resolve("pagemap-" + taken.checkpoint.pid() + ".img"));
    Sandbox sandbox = create();
    TestHost.Output output = new TestHost.Output();
    assertThatThrownBy(
            () -> sandbox.restore(criu.orElseThrow(), taken.images, taken.checkpoint, output))
        .isInstanceOf(SandboxException.class);
    get(sandbox.gone());
    assertThat(output.text()).isEmpty();
    killAll();
  }

  private void thereMayBeOneProgramOnly() throws IOException {
    Path images = Files.createDirectory(directory.resolve("two"));
    Sandbox sandbox = create();
    var _ = sandbox.start(TestHost.shell("sleep 1000"), new TestHost.Output());
    var _ = sandbox.start(TestHost.shell("sleep 1000"), new TestHost.Output());
    assertThatThrownBy(() -> sandbox.checkpoint(criu.orElseThrow(), images, MEMORY))
        .isInstanceOfSatisfying(
            SandboxException.class, e -> assertThat(e.step()).isEqualTo("processes"));
    killAll();
  }

  private void nothingCanBeTakenWithoutCriu() throws IOException {
    Path images = Files.createDirectory(directory.resolve("none"));
    Sandbox sandbox = create();
    var _ = sandbox.start(TestHost.shell("sleep 1000"), new TestHost.Output());
    Criu none = new Criu(directory, directory);
    assertThatThrownBy(() -> sandbox.checkpoint(none, images, MEMORY))
        .isInstanceOfSatisfying(
            SandboxException.class, e -> assertThat(e.step()).isEqualTo("criu"));
    assertThatThrownBy(() -> Criu.prepare(directory, host.config.workDirectory()))
        .isInstanceOf(SandboxException.class);
  }

  /** What is different in how it is made is not seen inside. */
  @Test
  void aSandboxForSnapshotsIsLikeAnyOther() {
    String look =
        "id; hostname; ls /proc | grep -v '^[0-9]' | sort; grep -c . /proc/self/mountinfo;"
            + " cat /proc/cmdline /proc/self/oom_score_adj; ls -d /proc/1 2>&1; ulimit -a;"
            + " cat /proc/self/cgroup; grep -E 'Cap|NoNew|Secc' /proc/self/status;"
            + " touch /tmp/x /usr/x 2>&1; stat -c '%A %U %G %n' / /* /tmp/* /dev/*;"
            + " echo 1 2>&1 > /proc/sys/kernel/ns_last_pid";
    try (Sandbox plain = host.create();
        Sandbox special = create()) {
      TestHost.Result usual = run(plain, look);
      TestHost.Result here = run(special, look);
      assertThat(here.output().replace(special.name(), "NAME"))
          .isEqualTo(usual.output().replace(plain.name(), "NAME"));
      assertThat(here.exit()).isEqualTo(usual.exit());
    }
  }
}
