package dev.lambic.sandbox;

import static dev.lambic.sandbox.TestHost.fork;
import static dev.lambic.sandbox.TestHost.get;
import static dev.lambic.sandbox.TestHost.kill;
import static dev.lambic.sandbox.TestHost.shell;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Templates and what is forked from them. */
final class TemplateTest {
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
    template = host.template(programs, "hostile");
  }

  @AfterEach
  void end() {
    template.close();
    template.sandbox().kill();
    get(template.gone());
  }

  private Sandbox forkable() {
    return template.create(host.spec());
  }

  private String forkOk(Sandbox sandbox, String script) {
    TestHost.Result result = fork(template, sandbox, shell(script));
    assertThat(result.exit()).as(result.output()).isEqualTo(new ProcessExit(0, 0));
    return result.output();
  }

  @Test
  void forksRunInTheirOwnSandboxes() {
    try (Sandbox one = forkable();
        Sandbox two = forkable()) {
      assertThat(forkOk(one, "echo one >/tmp/x; cat /tmp/x; ls /opt; echo $HOME"))
          .isEqualTo("one\n/tmp\n");
      assertThat(forkOk(two, "ls /tmp; echo $(id -u) $(id -g) $(hostname)"))
          .doesNotContain("x")
          .contains("993 990 169.254.10.21");
      assertThat(forkOk(one, "cat /tmp/x; cat /proc/self/cgroup | cut -d: -f3 | sort -u"))
          .isEqualTo("one\n/\n");
      assertThat(Programs.command("hostile").argv()).hasSize(1);
    }
  }

  @Test
  void exitsAreTold() {
    try (Sandbox sandbox = forkable()) {
      assertThat(fork(template, sandbox, Programs.command("hostile", "end-with", "0")).exit())
          .isEqualTo(new ProcessExit(0, 0));
      assertThat(fork(template, sandbox, Programs.command("hostile", "end-with", "7")).exit())
          .isEqualTo(new ProcessExit(7, 0));
      assertThat(fork(template, sandbox, Programs.command("hostile", "be-killed", "9")).exit())
          .isEqualTo(new ProcessExit(0, 9));
      SandboxProcess sleeping =
          template.fork(sandbox, "hostile\u001fbe-killed\u001f18", (b, n) -> {});
      sleeping.signal(15);
      assertThat(get(sleeping.exit())).isEqualTo(new ProcessExit(0, 15));
    }
  }

  @Test
  void programsCanBeStartedThereToo() {
    try (Sandbox sandbox = forkable()) {
      SandboxProcess forked =
          template.fork(sandbox, "hostile\u001fbe-killed\u001f18", (b, n) -> {});
      assertThat(TestHost.runOk(sandbox, "echo started")).isEqualTo("started\n");
      sandbox.freeze();
      sandbox.thaw();
      sandbox.clear();
      assertThat(get(forked.exit()).signal()).isEqualTo(9);
      assertThat(forkOk(sandbox, "echo again")).isEqualTo("again\n");
    }
  }

  @Test
  void whatAForkAllocatesIsItsSandboxes() {
    try (Sandbox sandbox = template.create(host.spec(new Limits(32L << 20, 0, 20), TestHost.TMP))) {
      sandbox.attach(List.of(programs.mount()));
      TestHost.Result result = fork(template, sandbox, shell("exec /opt/memory 100"));
      assertThat(result.exit().signal()).isEqualTo(9);
      assertThat(sandbox.memory().oomKills()).isPositive();
      assertThat(template.sandbox().memory().oomKills()).isZero();
    }
    try (Sandbox other = forkable()) {
      assertThat(forkOk(other, "echo well")).isEqualTo("well\n");
    }
  }

  @Test
  void forksOutliveTheProgramAndANewOneForksOn() {
    try (Sandbox sandbox = forkable();
        Sandbox second = forkable();
        Sandbox third = forkable()) {
      SandboxProcess forked =
          template.fork(sandbox, "hostile\u001fbe-killed\u001f18", (b, n) -> {});
      SandboxProcess program =
          template.start(new Command(List.of("/bin/sleep", "1000"), List.of(), "/"), (b, n) -> {});
      program.signal(9);
      get(program.exit());
      TestHost.await("end of the program", () -> !template.serves());
      assertThatThrownBy(() -> template.fork(second, "hostile", (b, n) -> {}))
          .isInstanceOf(SandboxException.class);
      template.start(Programs.command("hostile", "serve"), (b, n) -> {});
      assertThat(forkOk(third, "echo new")).isEqualTo("new\n");
      assertThat(forked.exit()).isNotDone();
      assertThat(TestHost.runOk(sandbox, "echo alive")).isEqualTo("alive\n");
    }
  }

  @Test
  void closedTemplateStaysForItsForks() {
    Sandbox sandbox = forkable();
    SandboxProcess forked = template.fork(sandbox, "hostile\u001fbe-killed\u001f18", (b, n) -> {});
    template.close();
    assertThatThrownBy(this::forkable).isInstanceOf(SandboxException.class);
    assertThat(TestHost.runOk(sandbox, "echo alive")).isEqualTo("alive\n");
    assertThat(forked.exit()).isNotDone();
    assertThat(template.gone()).isNotDone();
    kill(sandbox);
    get(template.gone());
  }

  @Test
  void forksEndWithTheTemplatesSandbox() {
    Sandbox sandbox = forkable();
    SandboxProcess forked = template.fork(sandbox, "hostile\u001fbe-killed\u001f18", (b, n) -> {});
    template.sandbox().kill();
    assertThat(get(forked.exit()).signal()).isEqualTo(9);
    get(sandbox.gone());
    get(template.gone());
  }

  @Test
  void programThatHangsIsKilled() {
    SandboxProcess hanging =
        template.start(new Command(List.of("/bin/sleep", "1000"), List.of(), "/"), (b, n) -> {});
    try (Sandbox sandbox = forkable()) {
      assertThatThrownBy(() -> template.fork(sandbox, "hostile", (b, n) -> {}))
          .isInstanceOfSatisfying(
              SandboxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ETIMEDOUT));
      assertThat(get(hanging.exit()).signal()).isEqualTo(9);
    }
  }

  @Test
  void onlySandboxesOfTheTemplateAreForkedInto() {
    try (Sandbox plain = host.create();
        Template other = host.template(programs, "hostile");
        Sandbox of = other.create(host.spec())) {
      for (Sandbox wrong : List.of(plain, of, template.sandbox())) {
        assertThatThrownBy(() -> template.fork(wrong, "", (b, n) -> {}))
            .isInstanceOf(IllegalArgumentException.class);
      }
    }
  }

  /** A hostile program that leaves a dead process in the sandbox, for which only it can wait. */
  @Test
  void programThatHoldsASandboxDoesNotKeepIt() {
    SandboxProcess hostile = template.start(Programs.command("hostile", "hold-dead"), (b, n) -> {});
    Sandbox sandbox = forkable();
    template.fork(sandbox, "", (b, n) -> {});
    sandbox.kill();
    // It is suspected after ten seconds only, and again after ten more.
    assertThat(sandbox.gone()).succeedsWithin(Duration.ofSeconds(90));
    assertThat(get(hostile.exit()).signal()).isEqualTo(9);
    try (Sandbox next = forkable()) {
      assertThat(TestHost.runOk(next, "echo alive")).isEqualTo("alive\n");
    }
  }

  /** What is shared, and why it is in INVARIANTS. */
  @Test
  void forksShareTheLayoutOfTheirAddressSpace() {
    try (Sandbox one = forkable();
        Sandbox two = forkable();
        Template otherTemplate = host.template(programs, "hostile");
        Sandbox other = otherTemplate.create(host.spec())) {
      Command address = Programs.command("hostile", "stack-address");
      String layout = fork(template, one, address).output();
      assertThat(layout).startsWith("0x");
      assertThat(fork(template, two, address).output()).isEqualTo(layout);
      assertThat(fork(otherTemplate, other, address).output()).isNotEqualTo(layout);
    }
  }

  @Test
  void templatesProgramHasNoPowerInItsOwnSandbox() {
    TestHost.Output output = new TestHost.Output();
    SandboxProcess program = template.start(shell("cat /proc/self/status"), output);
    get(program.exit());
    program.drain();
    for (String set : List.of("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")) {
      assertThat(output.text()).contains(set + ":\t0000000000000000");
    }
    assertThat(output.text())
        .contains("NoNewPrivs:\t1")
        .contains("Seccomp:\t2")
        .contains("Uid:\t993");
  }
}
