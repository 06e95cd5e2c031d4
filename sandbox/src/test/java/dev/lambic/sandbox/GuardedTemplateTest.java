package dev.lambic.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates whose program is a function's, and hostile. */
final class GuardedTemplateTest {
  @TempDir static Path directory;
  private static TestHost host;
  private static Programs programs;
  private Template template;

  @BeforeAll
  static void open() {
    host = new TestHost(directory);
    programs = new Programs(directory);
  }

  @AfterAll
  static void close() {
    host.close();
  }

  @BeforeEach
  void make() {
    template = host.guarded(programs, "hostile", "serve");
  }

  @AfterEach
  void end() {
    template.close();
    template.sandbox().kill();
    TestHost.get(template.gone());
  }

  /** What a hostile program says of a request to fork, which it refuses in the end. */
  private String asProgram(String... words) {
    TestHost.Output output = new TestHost.Output();
    SandboxProcess program = template.start(Programs.command("hostile", words), output);
    for (int i = 0; i < 5; i++) {
      template.create(host.spec()).kill();
    }
    try (Sandbox sandbox = template.create(host.spec())) {
      assertThatThrownBy(() -> template.fork(sandbox, "", (b, n) -> {}))
          .isInstanceOf(SandboxException.class)
          .hasMessageContaining("hostile");
    }
    TestHost.get(program.exit());
    program.drain();
    assertThat(output.text()).doesNotContain("BREACH");
    return output.text();
  }

  @Test
  void programEntersNoSandbox() {
    assertThat(asProgram("invade").lines())
        .hasSize(7)
        .allMatch(line -> line.equals("refused: setns: Operation not permitted"));
  }

  @Test
  void programHandsNoDescriptorToTheLauncher() {
    assertThat(asProgram("pass-socket").lines())
        .containsExactly("refused: send: Broken pipe", "refused: plain: Broken pipe");
  }

  @Test
  void programSeesNothingOfThoseWhoMakeSandboxes() {
    assertThat(asProgram("watch-births")).contains("refused: seen");
  }

  @Test
  void programThatIsMovedGainsNothing() {
    // Nothing is said if it was killed for that.
    for (int i = 0; i < 5; i++) {
      assertThat(asProgram("restless").lines()).allMatch(line -> line.startsWith("refused"));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6})
  void programThatGoesAstrayIsKilled(int namespace) {
    assertThat(asProgram("astray", String.valueOf(namespace))).contains("ended by 9");
  }

  @Test
  void forksAreMadeWhileOthersRunAndAfterTheProgramWasFrozen() {
    try (Sandbox one = template.create(host.spec());
        Sandbox two = template.create(host.spec())) {
      SandboxProcess first = template.fork(one, "hostile\u001fbe-killed\u001f18", (b, n) -> {});
      template.sandbox().freeze();
      assertThat(TestHost.runOk(two, "echo alive")).isEqualTo("alive\n");
      template.sandbox().thaw();
      assertThat(TestHost.fork(template, two, TestHost.shell("echo forked")).output())
          .isEqualTo("forked\n");
      template.close();
      assertThat(first.exit()).isNotDone();
    }
  }

  @Test
  void whatAForkAllocatesIsItsSandboxes() {
    Limits small = new Limits(32L << 20, 0, 20);
    try (Sandbox sandbox = template.create(host.spec(small, TestHost.TMP))) {
      sandbox.attach(java.util.List.of(programs.mount()));
      TestHost.Result result =
          TestHost.fork(template, sandbox, TestHost.shell("exec /opt/memory 100"));
      assertThat(result.exit().signal()).isEqualTo(9);
      assertThat(sandbox.memory().oomKills()).isPositive();
      assertThat(template.sandbox().memory().oomKills()).isZero();
    }
  }
}
