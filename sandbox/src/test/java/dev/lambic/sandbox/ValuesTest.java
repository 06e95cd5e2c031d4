package dev.lambic.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What the module's records accept and what they refuse. */
final class ValuesTest {
  private static final Limits LIMITS = new Limits(Limits.MIN_MEMORY, 0, 1);

  private static void assertRefused(ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theHostKeepsSomething() {
    assertThat(HostShare.of(64L << 30, 32_768)).isEqualTo(new HostShare(56L << 30, 24_576));
    assertThat(HostShare.of(2L << 30, 100).memoryBytes()).isEqualTo(1536L << 20);
    assertThat(HostShare.of(512L << 20, 100).memoryBytes()).isEqualTo(256L << 20);
    HostShare here = HostShare.ofThisHost();
    assertThat(here.memoryBytes()).isPositive();
    assertThat(here.processes()).isGreaterThan(1000);
  }

  @Test
  void limits() {
    assertRefused(() -> new Limits(Limits.MIN_MEMORY - 1, 0, 1));
    assertRefused(() -> new Limits(Limits.MIN_MEMORY, -0.1, 1));
    assertRefused(() -> new Limits(Limits.MIN_MEMORY, Double.NaN, 1));
    assertRefused(() -> new Limits(Limits.MIN_MEMORY, 1, 0));
  }

  @Test
  void spec() {
    long tmp = SandboxSpec.MIN_TMP;
    assertThat(new SandboxSpec("a-1_B", LIMITS, tmp, "169.254.1.2").name()).isEqualTo("a-1_B");
    assertRefused(() -> new SandboxSpec("", LIMITS, tmp, "h"));
    assertRefused(() -> new SandboxSpec("..", LIMITS, tmp, "h"));
    assertRefused(() -> new SandboxSpec("a/b", LIMITS, tmp, "h"));
    assertRefused(() -> new SandboxSpec("a", LIMITS, tmp - 1, "h"));
    assertRefused(() -> new SandboxSpec("a", LIMITS, SandboxSpec.MAX_TMP + 1, "h"));
    assertRefused(() -> new SandboxSpec("a", LIMITS, tmp, "h h"));
    assertRefused(() -> new SandboxSpec("a", LIMITS, tmp, "h".repeat(64)));
  }

  @Test
  void command() {
    assertRefused(() -> new Command(List.of(), List.of(), "/"));
    assertRefused(() -> new Command(List.of("sh"), List.of(), "/"));
    assertRefused(() -> new Command(List.of("/bin/sh"), List.of(), "tmp"));
    assertRefused(() -> new Command(List.of("/bin/sh", "a\0b"), List.of(), "/"));
    assertRefused(() -> new Command(List.of("/bin/sh"), List.of("A=\0"), "/"));
  }

  @Test
  void mount() {
    assertRefused(() -> new ReadOnlyMount(Path.of("relative"), "/opt"));
    assertRefused(() -> new ReadOnlyMount(Path.of("/usr"), "opt"));
  }

  @Test
  void config() {
    SandboxConfig config = SandboxConfig.of(Path.of("/data/sandbox"));
    assertThat(config.instance()).matches("[0-9a-f]{10}");
    assertThat(config.hostLocal()).isFalse();
    assertThat(config.readyTmps()).isEqualTo(4);
    assertThat(SandboxConfig.of(Path.of("/data/other")).instance()).isNotEqualTo(config.instance());
    assertRefused(() -> SandboxConfig.of(Path.of("relative")));
    assertRefused(() -> new SandboxConfig(Path.of("/x"), "../x", false, 1));
    assertRefused(() -> new SandboxConfig(Path.of("/x"), "x", false, -1));
  }

  @Test
  void exceptionsTellWhatPasses() {
    SandboxException refused = new SandboxException("criu", Errno.EIO, "Error (criu/files.c:1): x");
    assertThat(refused.speaksOfImages()).isTrue();
    assertThat(refused.speaksOfTheProgram()).isTrue();
    for (String passing : List.of("12 killed by signal 9: Killed", "Cannot allocate memory")) {
      SandboxException lack = new SandboxException("criu", Errno.EIO, "Error: " + passing);
      assertThat(lack.speaksOfImages()).isFalse();
      assertThat(lack.speaksOfTheProgram()).isFalse();
    }
    assertThat(new SandboxException("processes", 16, "more").speaksOfTheProgram()).isTrue();
    assertThat(new SandboxException("memory", 27, "3000 MB").speaksOfTheProgram()).isTrue();
    assertThat(new SandboxException("copy-tmp", 27, "size").speaksOfTheProgram()).isTrue();
    assertThat(new SandboxException("copy-tmp", Errno.ENOSPC, "write").speaksOfTheProgram())
        .isFalse();
    assertThat(new SandboxException("copy-tmp", Errno.ETIMEDOUT, "time").speaksOfTheProgram())
        .isFalse();
    assertThat(SandboxException.dead("x").speaksOfTheProgram()).isFalse();
  }

  @Test
  void exceptionSaysStepReasonAndPath() {
    assertThat(new SandboxException("exec", Errno.ENOENT, "/var/task/bootstrap"))
        .hasMessage("sandbox: exec: no such file or directory: /var/task/bootstrap");
  }
}
