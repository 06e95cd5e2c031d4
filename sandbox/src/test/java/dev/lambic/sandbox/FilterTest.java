package dev.lambic.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The system call filter as a table: what is allowed, what is denied, and how. */
class FilterTest {
  @TempDir static Path directory;
  private static Map<String, String> results = Map.of();

  @BeforeAll
  static void tryAll() {
    Programs programs = new Programs(directory);
    try (TestHost host = new TestHost(directory);
        Sandbox sandbox = host.create()) {
      sandbox.attach(List.of(programs.mount()));
      take(TestHost.run(sandbox, Programs.command("calls")));
    }
  }

  static void take(TestHost.Result result) {
    assertThat(result.exit()).as(result.output()).isEqualTo(new ProcessExit(0, 0));
    results =
        result
            .output()
            .lines()
            .map(line -> line.split(" "))
            .collect(Collectors.toMap(words -> words[0], words -> words[1]));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "getpid",
        "getrandom",
        "openat",
        "memfd_create",
        "eventfd2",
        "epoll_create1",
        "timerfd_create",
        "inotify_init1",
        "pipe2",
        "pidfd_open",
        "membarrier",
        "seccomp",
        "sched_getaffinity",
        "shmget",
        "prctl",
        "kill-self-0",
        "syncfs-nothing",
        "socket-unix",
        "socket-inet",
        "socket-inet6",
        "socket-netlink-route",
        "socketpair-unix",
        "ioctl-fionread",
        "clone-fork",
        "unshare-files",
        "personality-query"
      })
  void allows(String call) {
    assertThat(results).containsEntry(call, "OK");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "setns",
        "mount",
        "umount2",
        "pivot_root",
        "chroot",
        "open_tree",
        "move_mount",
        "fsopen",
        "fsconfig",
        "fsmount",
        "fspick",
        "mount_setattr",
        "name_to_handle_at",
        "open_by_handle_at",
        "quotactl",
        "quotactl_fd",
        "swapon",
        "swapoff",
        "fanotify_init",
        "process_vm_readv",
        "process_vm_writev",
        "process_madvise",
        "kcmp",
        "pidfd_getfd",
        "move_pages",
        "migrate_pages",
        "bpf",
        "perf_event_open",
        "userfaultfd",
        "io_uring_setup",
        "io_uring_enter",
        "io_uring_register",
        "add_key",
        "request_key",
        "keyctl",
        "init_module",
        "finit_module",
        "delete_module",
        "kexec_load",
        "kexec_file_load",
        "reboot",
        "syslog",
        "acct",
        "vhangup",
        "sethostname",
        "setdomainname",
        "settimeofday",
        "clock_settime",
        "clock_adjtime",
        "adjtimex",
        "lookup_dcookie",
        "socket-vsock",
        "socket-packet",
        "socket-alg",
        "socket-netlink-audit",
        "socket-netlink-netfilter",
        "socketpair-inet",
        "ioctl-tiocsti",
        "ioctl-tioclinux",
        "ioctl-btrfs-snapshot",
        "ioctl-btrfs-subvolume",
        "ioctl-btrfs-snapshot-2",
        "ioctl-btrfs-subvolume-2",
        "clone-new-user",
        "clone-new-net",
        "clone-new-mounts",
        "clone-new-pids",
        "unshare-user",
        "unshare-mounts",
        "unshare-time",
        "ptrace-me",
        "personality-no-randomization",
        "raise-limit",
        "setresuid-0",
        "iopl",
        "ioperm",
        "modify_ldt",
        "uselib"
      })
  void denies(String call) {
    assertThat(results).containsEntry(call, "EPERM");
  }

  @ParameterizedTest
  @ValueSource(strings = {"clone3", "future-call", "far-future-call", "x32-call"})
  void hidesAsIfTheKernelWereOlder(String call) {
    assertThat(results).containsEntry(call, "ENOSYS");
  }

  @Test
  void endsProcessesThatUseThe32BitCalls() {
    assertThat(results).containsEntry("32-bit-call", "signal31");
  }

  @Test
  void tableHasEveryCallThatTheProgramTries() {
    assertThat(results).hasSize(26 + 78 + 4 + 1);
  }
}
