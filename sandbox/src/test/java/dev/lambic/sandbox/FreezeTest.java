package dev.lambic.sandbox;

import static dev.lambic.sandbox.TestHost.get;
import static dev.lambic.sandbox.TestHost.shell;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sandboxes that stand still. */
final class FreezeTest {
  private static final String TICKS = "while :; do echo tick; sleep 0.001; done";

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
  void frozenProgramsMakeNoProgressAndGoOnWhenThawed() {
    try (Sandbox frozen = host.create();
        Sandbox clock = host.create()) {
      TestHost.Output output = new TestHost.Output();
      SandboxProcess process = frozen.start(shell(TICKS), output);
      TestHost.await("ticking", () -> output.size() > 50);
      frozen.freeze();
      process.drain();
      int before = output.size();
      // The time in which another sandbox makes much progress is time enough for this one.
      TestHost.runOk(clock, "i=0; while [ $i -lt 100 ]; do sleep 0.001; i=$((i+1)); done");
      process.drain();
      assertThat(output.size()).isEqualTo(before);
      frozen.thaw();
      TestHost.await("ticking again", () -> output.size() > before + 50);
    }
  }

  @Test
  void freezingAndThawingTwiceIsFine() {
    try (Sandbox sandbox = host.create()) {
      sandbox.freeze();
      sandbox.freeze();
      sandbox.thaw();
      sandbox.thaw();
      assertThat(TestHost.runOk(sandbox, "echo alive")).isEqualTo("alive\n");
    }
  }

  @Test
  void busyThreadsFreezeToo() {
    try (Sandbox sandbox = host.create()) {
      sandbox.start(shell("for i in 1 2 3 4; do (while :; do :; done) & done; wait"), (b, n) -> {});
      for (int i = 0; i < 20; i++) {
        sandbox.freeze();
        sandbox.thaw();
      }
    }
  }

  @Test
  void killEndsAFrozenSandbox() {
    Sandbox sandbox = host.create();
    SandboxProcess process = sandbox.start(shell(TICKS), (b, n) -> {});
    sandbox.freeze();
    sandbox.kill();
    assertThat(get(process.exit())).isEqualTo(new ProcessExit(0, ProcessExit.SIGKILL));
    get(sandbox.gone());
  }

  @Test
  void killDuringAFreezeWins() throws InterruptedException {
    for (int i = 0; i < 20; i++) {
      Sandbox sandbox = host.create();
      sandbox.start(shell(TICKS), (b, n) -> {});
      Thread freezer =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  sandbox.freeze();
                } catch (SandboxException e) {
                  // It came second.
                }
              });
      sandbox.kill();
      get(sandbox.gone());
      freezer.join();
    }
  }
}
