package dev.lambic.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A function that tries to get out, to see others, or to change what it runs on. */
class HostileTest {
  private static final String SECRET = "the secret of somebody else";
  private static final String ABSTRACT = "lambic-hostile-test";

  @TempDir static Path directory;
  static TestHost host;
  private static Sandbox victim;

  /** Makes sandboxes for attackers, and {@link #runner} runs attacks in them. */
  static Supplier<Sandbox> maker;

  static BiFunction<Sandbox, Command, TestHost.Result> runner;
  static Sandbox attacker;
  private static Process abstractListener;
  private static ServerSocketChannel hostListener;
  private static Path secret;

  @BeforeAll
  static void open() throws IOException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    Programs programs = new Programs(directory);
    host = new TestHost(directory);
    Path code = Files.createDirectory(directory.resolve("code"));
    secret = code.resolve("secret");
    Files.writeString(secret, SECRET);
    victim = host.create();
    victim.attach(List.of(new ReadOnlyMount(code, "/var/task")));
    TestHost.runOk(victim, "echo '" + SECRET + "' >/tmp/secret; chmod 666 /tmp/secret");
    victim.start(TestHost.shell("sleep 1000"), (b, n) -> {});
    maker = host::create;
    runner = TestHost::run;
    attacker = maker.get();
    attacker.attach(List.of(programs.mount()));
    hostListener =
        ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    abstractListener =
        new ProcessBuilder(programs.path("hostile").toString(), "listen-abstract", ABSTRACT)
            .start();
    BufferedReader ready =
        new BufferedReader(
            new InputStreamReader(abstractListener.getInputStream(), StandardCharsets.UTF_8));
    assertThat(ready.readLine()).isEqualTo("listening");
  }

  @AfterAll
  static void close() throws IOException {
    try {
      assertThat(TestHost.runOk(victim, "echo alive; cat /tmp/secret"))
          .isEqualTo("alive\n" + SECRET + "\n");
    } finally {
      abstractListener.destroy();
      hostListener.close();
      host.close();
    }
  }

  private static TestHost.Result run(Sandbox sandbox, Command command) {
    return runner.apply(sandbox, command);
  }

  /** Runs a shell script that has to succeed. */
  private static String runOk(Sandbox sandbox, String script) {
    TestHost.Result result = run(sandbox, TestHost.shell(script));
    assertThat(result.exit()).as(result.output()).isEqualTo(new ProcessExit(0, 0));
    return result.output();
  }

  private static void assertRefused(String... attempt) {
    List<String> arguments = new ArrayList<>(List.of(attempt));
    TestHost.Result result =
        run(attacker, Programs.command("hostile", arguments.toArray(String[]::new)));
    assertThat(result.output()).doesNotContain("BREACH").startsWith("refused: ");
    assertThat(result.exit()).isEqualTo(new ProcessExit(0, 0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/etc/shadow",
        "/etc/gshadow",
        "/etc/hostname",
        "/etc/machine-id",
        "/etc/ssh",
        "/root",
        "/root/.ssh",
        "/home",
        "/srv",
        "/boot",
        "/sys/kernel",
        "/run",
        "/var/lib",
        "/var/log",
        "/dev/mem",
        "/dev/kmsg",
        "/dev/vda",
        "/dev/sda",
        "/dev/loop0",
        "/dev/loop-control",
        "/dev/fuse",
        "/dev/kvm",
        "/dev/net/tun",
        "/dev/shm",
        "/dev/mapper",
        "/dev/ptmx",
        "/sys/fs/cgroup",
        "/sys/fs/cgroup/memory/tasks",
        "/proc/1/root/etc/shadow",
        "/proc/1/environ",
        "/proc/1/mem",
        "/proc/1/maps",
        "/proc/1/fd",
        "/proc/1/cwd",
        "/proc/self/../1/root",
        "/proc/sys/fs/binfmt_misc/register",
        "/usr/local/bin",
      })
  void doesNotReadWhatIsNotItsOwn(String path) {
    TestHost.Result result = run(attacker, Programs.command("hostile", "read", path));
    TestHost.Result list = run(attacker, Programs.command("hostile", "list", path));
    assertThat(result.output() + list.output()).doesNotContain("BREACH");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/etc/passwd",
        "/etc/ld.so.preload",
        "/usr/bin/x",
        "/usr/lib/x",
        "/bin/sh",
        "/x",
        "/dev/x",
        "/var/task/x",
        "/var/x",
        "/opt/hostile",
        "/opt/x",
        "/mnt/x",
        "/usr/local/x",
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/kernel/hostname",
        "/proc/sys/vm/drop_caches",
        "/proc/sys/kernel/modprobe",
        "/proc/sys/net/ipv4/ip_forward",
        "/proc/sys/user/max_user_namespaces",
        "/proc/sysrq-trigger/x",
        "/proc/1/oom_score_adj",
        "/proc/self/uid_map",
        "/proc/self/setgroups",
        "/proc/irq/default_smp_affinity",
        "/proc/1/mem",
      })
  void doesNotWriteWhatIsNotItsOwn(String path) {
    assertRefused("write", path);
    if (!path.startsWith("/proc")) {
      assertRefused("create", path);
    }
  }

  @Test
  void doesNotFindTheHostsFiles() {
    assertRefused("read", secret.toString());
    assertRefused("read", "/proc/self/root" + secret);
    assertRefused("list", directory.toString());
    assertRefused("list", host.config.workDirectory().toString());
  }

  @Test
  void doesNotFindFilesOfOtherSandboxes() {
    assertRefused("read", "/var/task/secret");
    assertRefused("read", "/tmp/secret");
  }

  @Test
  void doesNotFindTheHostsFilesThroughLinks() {
    runOk(attacker, "ln -sfn / /tmp/root; ln -sfn ../../../../../../.. /tmp/up");
    assertRefused("read", "/tmp/root" + secret);
    assertRefused("read", "/tmp/up" + secret);
    assertRefused("read", "/tmp/root/etc/shadow");
  }

  @Test
  void seesOnlyItsOwnProcesses() {
    assertRefused("see-processes");
    assertThat(runOk(attacker, "ls /proc | grep -c '^[0-9]'; ps -e | grep -c slee[p] || :"))
        .matches("[1-4]\n0\n");
  }

  @Test
  void doesNotReachTheHostsLoopback() throws IOException {
    int port = ((InetSocketAddress) hostListener.getLocalAddress()).getPort();
    assertRefused("connect-port", Integer.toString(port));
  }

  @Test
  void doesNotReachAnyNetwork() {
    assertRefused("reach-internet", "8.8.8.8");
    assertRefused("reach-internet", "169.254.169.254");
    assertThat(runOk(attacker, "cat /proc/net/dev")).doesNotContain("eth");
  }

  @Test
  void doesNotReachTheHostsSockets() {
    assertRefused("connect-abstract", ABSTRACT);
    assertRefused("connect-path", "/run/systemd/private");
    assertRefused("connect-path", "/var/run/docker.sock");
  }

  @Test
  void inheritsNoDescriptors() {
    assertRefused("inherited-descriptors");
    assertRefused("output-is-pipe");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "trace-first",
        "write-memory-of-first",
        "enter-namespace-of-first",
        "enter-pidfd-of-first",
        "new-user-namespace",
        "mount-tmpfs",
        "make-device",
        "load-module",
        "become-root",
        "change-groups",
        "chroot-escape",
        "raise-limits",
        "dump-core-into-host",
        "raise-priority",
        "real-time",
        "gain-by-setuid-program",
        "open-by-handle",
        "keyring",
        "set-hostname",
        "lock-much-memory",
        "many-files"
      })
  void gainsNoPower(String attempt) {
    assertRefused(attempt);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/usr", "/opt", "/etc/ssl/certs", "/proc/sys", "/usr/local"})
  void doesNotChangeMounts(String path) {
    assertRefused("remount-writable", path);
    assertRefused("unmount", path);
  }

  @ParameterizedTest
  @CsvSource({"vsock,40", "packet,17", "alg,38", "bluetooth,31", "can,29", "tipc,30", "xdp,44"})
  void doesNotOpenOtherSocketFamilies(String name, String number) {
    assertRefused("open-family", number);
    assertThat(name).isNotEmpty();
  }

  @ParameterizedTest
  @CsvSource({"selinux,7", "audit,9", "netfilter,12", "uevent,15", "crypto,21"})
  void doesNotOpenOtherNetlinkFamilies(String name, String protocol) {
    assertRefused("netlink", protocol);
    assertThat(name).isNotEmpty();
  }

  @Test
  void killsNobodyElse() {
    try (Sandbox sandbox = maker.get()) {
      sandbox.attach(List.of(new ReadOnlyMount(directory.resolve("programs"), "/opt")));
      run(sandbox, Programs.command("hostile", "kill-everybody"));
      assertThat(TestHost.runOk(sandbox, "echo the first process lives"))
          .isEqualTo("the first process lives\n");
    }
    assertThat(TestHost.runOk(victim, "echo alive")).isEqualTo("alive\n");
  }

  @Test
  void hasNoCapabilitiesAndKeepsItsFilter() {
    String status = runOk(attacker, "cat /proc/self/status");
    for (String set : List.of("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")) {
      assertThat(status).contains(set + ":\t0000000000000000");
    }
    assertThat(status).contains("NoNewPrivs:\t1").contains("Seccomp:\t2");
  }

  @Test
  void learnsNothingOfTheHostsGroupsAndFiles() {
    assertThat(runOk(attacker, "cut -d: -f3 /proc/self/cgroup | sort -u")).isEqualTo("/\n");
    assertThat(runOk(attacker, "cat /proc/self/mountinfo"))
        .doesNotContain(host.config.workDirectory().toString());
    assertThat(runOk(attacker, "cat /proc/cmdline /proc/partitions /proc/diskstats")).isEmpty();
  }

  @Test
  void hostsEnvironmentIsNotPassedOn() {
    assertThat(Objects.requireNonNull(System.getenv("PATH"))).isNotEmpty();
    assertThat(runOk(attacker, "env | cut -d= -f1 | sort")).isEqualTo("HOME\nPATH\nPWD\n");
  }
}
