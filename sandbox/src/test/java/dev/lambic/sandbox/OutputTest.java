package dev.lambic.sandbox;

import static dev.lambic.sandbox.TestHost.get;
import static dev.lambic.sandbox.TestHost.runOk;
import static dev.lambic.sandbox.TestHost.shell;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What programs write arrives whole, in order, and in time. */
final class OutputTest {
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

  @Test
  void keepsTheOrderOfOutputAndError() {
    try (Sandbox sandbox = host.create()) {
      assertThat(runOk(sandbox, "echo 1; echo 2 >&2; echo 3; echo 4 >/dev/stderr"))
          .isEqualTo("1\n2\n3\n4\n");
    }
  }

  @Test
  void deliversLargeOutputWhole() {
    try (Sandbox sandbox = host.create()) {
      String output = runOk(sandbox, "seq 1 300000");
      assertThat(output).hasSize(1_988_895).startsWith("1\n2\n").endsWith("299999\n300000\n");
    }
  }

  @Test
  void drainDeliversWhatWasWrittenWhileTheProgramRunsOn() {
    try (Sandbox sandbox = host.create()) {
      TestHost.Output output = new TestHost.Output();
      SandboxProcess process =
          sandbox.start(
              shell(
                  "i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo line $i; echo $i >/tmp/at; done;"
                      + " touch /tmp/done; while :; do sleep 1; done"),
              output);
      runOk(sandbox, "while [ ! -e /tmp/done ]; do :; done");
      process.drain();
      assertThat(output.text()).endsWith("line 200\n").hasLineCount(200);
      assertThat(process.exit()).isNotDone();
    }
  }

  @Test
  void drainsAtOnceWhatIsLittle() {
    try (Sandbox sandbox = host.create()) {
      TestHost.Output output = new TestHost.Output();
      SandboxProcess process =
          sandbox.start(shell("echo little; mkdir /tmp/done; sleep 1000"), output);
      TestHost.await("written", () -> output.text().equals("little\n") || process.drainNow());
      TestHost.await("read", () -> process.drainNow() && output.text().equals("little\n"));
    }
  }

  @Test
  void drainEndsThoughAProgramWritesWithoutEnd() {
    try (Sandbox sandbox = host.create()) {
      AtomicLong bytes = new AtomicLong();
      SandboxProcess process =
          sandbox.start(shell("exec cat /dev/zero"), (b, n) -> bytes.addAndGet(n));
      for (int i = 0; i < 100; i++) {
        process.drain();
      }
      TestHost.await("output", () -> bytes.get() > 1 << 20);
      assertThat(process.exit()).isNotDone();
    }
  }

  @Test
  void floodOfOneDoesNotHoldUpAnother() {
    try (Sandbox flood = host.create();
        Sandbox calm = host.create()) {
      flood.start(shell("exec cat /dev/zero"), (b, n) -> {});
      for (int i = 0; i < 20; i++) {
        assertThat(runOk(calm, "echo calm")).isEqualTo("calm\n");
      }
    }
  }

  @Test
  void drainWorksAfterTheEnd() {
    Sandbox sandbox = host.create();
    TestHost.Output output = new TestHost.Output();
    SandboxProcess process = sandbox.start(shell("echo last words; kill -9 $$"), output);
    get(process.exit());
    sandbox.kill();
    get(sandbox.gone());
    process.drain();
    process.drain();
    assertThat(output.text()).isEqualTo("last words\n");
  }

  @Test
  void outputOfOrphansArrivesToo() {
    try (Sandbox sandbox = host.create()) {
      TestHost.Output output = new TestHost.Output();
      SandboxProcess process =
          sandbox.start(shell("(while [ ! -e /tmp/go ]; do :; done; echo orphan) &"), output);
      get(process.exit());
      runOk(sandbox, "touch /tmp/go");
      TestHost.await("orphan", () -> output.text().equals("orphan\n"));
    }
  }

  @Test
  void listenerThatThrowsIsAFault() {
    try (Sandbox sandbox = host.create()) {
      SandboxProcess process =
          sandbox.start(
              shell("echo x"),
              (b, n) -> {
                throw new IllegalStateException("listener");
              });
      get(process.exit());
      process.drain();
      assertThat(host.faults.poll()).contains("listener");
    }
  }
}
