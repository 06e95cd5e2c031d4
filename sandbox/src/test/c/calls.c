/* Tries system calls inside a sandbox and prints "name result" for each, for FilterTest. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "served.h"

static void print(const char *name, long result) {
  printf("%s %s\n", name, result >= 0 ? "OK" : strerrorname_np(errno));
  fflush(stdout);
}

#define TRY(name, ...) (errno = 0, print(name, syscall(__VA_ARGS__)))

/* In a child, for what would change or end this process. */
static void print_child(const char *name, int (*attempt)(void)) {
  int status = 0;
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    errno = 0;
    int result = attempt();
    print(name, result);
    _exit(0);
  }
  waitpid(pid, &status, 0);
  if (WIFSIGNALED(status)) printf("%s signal%d\n", name, WTERMSIG(status));
}

static int clone_with(unsigned long flags) {
  long pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) _exit(0);
  if (pid > 0) waitpid((pid_t)pid, NULL, 0);
  return pid < 0 ? -1 : 0;
}

static int plain_fork(void) { return clone_with(0); }
static int new_user(void) { return clone_with(CLONE_NEWUSER); }
static int new_net(void) { return clone_with(CLONE_NEWNET); }
static int new_mounts(void) { return clone_with(CLONE_NEWNS); }
static int new_pids(void) { return clone_with(CLONE_NEWPID); }
static int share_less_files(void) { return (int)syscall(SYS_unshare, CLONE_FILES); }
static int share_less_user(void) { return (int)syscall(SYS_unshare, CLONE_NEWUSER); }
static int share_less_mounts(void) { return (int)syscall(SYS_unshare, CLONE_NEWNS); }
static int share_less_time(void) { return (int)syscall(SYS_unshare, 0x80); }
static int trace_me(void) { return (int)syscall(SYS_ptrace, 0, 0, 0, 0); }
static int query_personality(void) { return (int)syscall(SYS_personality, 0xffffffffUL) * 0; }
static int no_randomization(void) { return (int)syscall(SYS_personality, ADDR_NO_RANDOMIZE); }
static int raise_own_limit(void) {
  const unsigned long limit[2] = {1UL << 20, 1UL << 20};
  return (int)syscall(SYS_prlimit64, 0, 7 /* files */, limit, NULL);
}
static int become_root(void) { return (int)syscall(SYS_setresuid, 0, 0, 0); }

#if defined(__x86_64__)
static int call_32_bit(void) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L /* getpid */) : "memory");
  return (int)result;
}
#endif

static void try_allowed(void) {
  char buffer[4096];
  int set = 0;
  TRY("getpid", SYS_getpid);
  TRY("getrandom", SYS_getrandom, buffer, 16UL, 0);
  TRY("openat", SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY | O_CLOEXEC);
  TRY("memfd_create", SYS_memfd_create, "x", 1);
  TRY("eventfd2", SYS_eventfd2, 0, 0);
  TRY("epoll_create1", SYS_epoll_create1, 0);
  TRY("timerfd_create", SYS_timerfd_create, 1, 0);
  TRY("inotify_init1", SYS_inotify_init1, 0);
  TRY("pipe2", SYS_pipe2, buffer, 0);
  TRY("pidfd_open", SYS_pidfd_open, getpid(), 0);
  TRY("membarrier", SYS_membarrier, 0, 0);
  TRY("seccomp", SYS_seccomp, 2 /* is the action known */, 0, &(uint32_t){0x7fff0000});
  TRY("sched_getaffinity", SYS_sched_getaffinity, 0, sizeof buffer, buffer);
  TRY("shmget", SYS_shmget, 0 /* private */, 4096UL, 01600);
  TRY("prctl", SYS_prctl, 16 /* get name */, buffer);
  TRY("kill-self-0", SYS_kill, getpid(), 0);
  TRY("syncfs-nothing", SYS_syncfs, -1);
  TRY("socket-unix", SYS_socket, AF_UNIX, SOCK_STREAM, 0);
  TRY("socket-inet", SYS_socket, AF_INET, SOCK_STREAM, 0);
  TRY("socket-inet6", SYS_socket, AF_INET6, SOCK_DGRAM, 0);
  TRY("socket-netlink-route", SYS_socket, AF_NETLINK, SOCK_RAW, 0);
  TRY("socketpair-unix", SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, buffer);
  int pipes[2];
  if (pipe(pipes) == 0) TRY("ioctl-fionread", SYS_ioctl, pipes[0], FIONREAD, &set);
  print_child("clone-fork", plain_fork);
  print_child("unshare-files", share_less_files);
  print_child("personality-query", query_personality);
}

/* With arguments that the kernel itself would answer otherwise than with EPERM, where there are. */
static void try_denied(void) {
  char buffer[4096];
  TRY("setns", SYS_setns, -1, 0);
  TRY("mount", SYS_mount, "none", "/nowhere", "tmpfs", 0UL, NULL);
  TRY("umount2", SYS_umount2, "/nowhere", 0);
  TRY("pivot_root", SYS_pivot_root, ".", ".");
  TRY("chroot", SYS_chroot, "/nowhere");
  TRY("open_tree", SYS_open_tree, -1, "x", 0U);
  TRY("move_mount", SYS_move_mount, -1, "x", -1, "y", 0U);
  TRY("fsopen", SYS_fsopen, "tmpfs", 0xffU);
  TRY("fsconfig", SYS_fsconfig, -1, 0U, NULL, NULL, 0);
  TRY("fsmount", SYS_fsmount, -1, 0U, 0U);
  TRY("fspick", SYS_fspick, -1, "x", 0U);
  TRY("mount_setattr", SYS_mount_setattr, -1, "x", 0U, NULL, 0UL);
  TRY("name_to_handle_at", SYS_name_to_handle_at, -1, "x", NULL, NULL, 0);
  TRY("open_by_handle_at", SYS_open_by_handle_at, -1, NULL, 0);
  TRY("quotactl", SYS_quotactl, -1, NULL, 0, NULL);
  TRY("quotactl_fd", 443, -1, -1, 0, NULL);
  TRY("swapon", SYS_swapon, "/nowhere", 0);
  TRY("swapoff", SYS_swapoff, "/nowhere");
  TRY("fanotify_init", SYS_fanotify_init, 0U, 0U);
  TRY("process_vm_readv", SYS_process_vm_readv, getpid(), NULL, 0UL, NULL, 0UL, 0UL);
  TRY("process_vm_writev", SYS_process_vm_writev, getpid(), NULL, 0UL, NULL, 0UL, 0UL);
  TRY("process_madvise", SYS_process_madvise, -1, NULL, 0UL, 0, 0U);
  TRY("kcmp", SYS_kcmp, getpid(), getpid(), 0, 0UL, 0UL);
  TRY("pidfd_getfd", 438, -1, 0, 0U);
  TRY("move_pages", SYS_move_pages, 0, 0UL, NULL, NULL, NULL, 0);
  TRY("migrate_pages", SYS_migrate_pages, 0, 0UL, NULL, NULL);
  TRY("bpf", SYS_bpf, 0xffff, NULL, 0U);
  TRY("perf_event_open", SYS_perf_event_open, NULL, 0, 0, -1, 0UL);
  TRY("userfaultfd", SYS_userfaultfd, 0xffff);
  TRY("io_uring_setup", 425, 0U, NULL);
  TRY("io_uring_enter", 426, -1, 0U, 0U, 0U, NULL, 0UL);
  TRY("io_uring_register", 427, -1, 0U, NULL, 0U);
  TRY("add_key", SYS_add_key, "user", "x", "y", 1UL, -3);
  TRY("request_key", SYS_request_key, "user", "x", NULL, 0);
  TRY("keyctl", SYS_keyctl, 0, -3, 0);
  TRY("init_module", SYS_init_module, NULL, 0UL, "");
  TRY("finit_module", SYS_finit_module, -1, "", 0);
  TRY("delete_module", SYS_delete_module, "x", 0U);
  TRY("kexec_load", SYS_kexec_load, 0UL, 0UL, NULL, 0UL);
  TRY("kexec_file_load", SYS_kexec_file_load, -1, -1, 0UL, NULL, 0UL);
  TRY("reboot", SYS_reboot, 0, 0, 0, NULL);
  TRY("syslog", SYS_syslog, 10 /* size of the buffer */, NULL, 0);
  TRY("acct", SYS_acct, "/nowhere");
  TRY("vhangup", SYS_vhangup);
  TRY("sethostname", SYS_sethostname, "x", 1UL);
  TRY("setdomainname", SYS_setdomainname, "x", 1UL);
  TRY("settimeofday", SYS_settimeofday, NULL, NULL);
  TRY("clock_settime", SYS_clock_settime, 0, NULL);
  TRY("clock_adjtime", SYS_clock_adjtime, 0, NULL);
  TRY("adjtimex", SYS_adjtimex, NULL);
  TRY("lookup_dcookie", SYS_lookup_dcookie, 0UL, buffer, 1UL);
  TRY("socket-vsock", SYS_socket, AF_VSOCK, SOCK_STREAM, 0);
  TRY("socket-packet", SYS_socket, AF_PACKET, SOCK_RAW, 0);
  TRY("socket-alg", SYS_socket, AF_ALG, SOCK_SEQPACKET, 0);
  TRY("socket-netlink-audit", SYS_socket, AF_NETLINK, SOCK_RAW, 9);
  TRY("socket-netlink-netfilter", SYS_socket, AF_NETLINK, SOCK_RAW, 12);
  TRY("socketpair-inet", SYS_socketpair, AF_INET, SOCK_STREAM, 0, buffer);
  TRY("ioctl-tiocsti", SYS_ioctl, -1, TIOCSTI, "x");
  TRY("ioctl-tioclinux", SYS_ioctl, -1, TIOCLINUX, "x");
  TRY("ioctl-btrfs-snapshot", SYS_ioctl, -1, BTRFS_IOC_SNAP_CREATE, buffer);
  TRY("ioctl-btrfs-subvolume", SYS_ioctl, -1, BTRFS_IOC_SUBVOL_CREATE, buffer);
  TRY("ioctl-btrfs-snapshot-2", SYS_ioctl, -1, BTRFS_IOC_SNAP_CREATE_V2, buffer);
  TRY("ioctl-btrfs-subvolume-2", SYS_ioctl, -1, BTRFS_IOC_SUBVOL_CREATE_V2, buffer);
  TRY("clone3", SYS_clone3, NULL, 0UL);
  TRY("future-call", 457);
  TRY("far-future-call", 100000);
  print_child("clone-new-user", new_user);
  print_child("clone-new-net", new_net);
  print_child("clone-new-mounts", new_mounts);
  print_child("clone-new-pids", new_pids);
  print_child("unshare-user", share_less_user);
  print_child("unshare-mounts", share_less_mounts);
  print_child("unshare-time", share_less_time);
  print_child("ptrace-me", trace_me);
  print_child("personality-no-randomization", no_randomization);
  print_child("raise-limit", raise_own_limit);
  print_child("setresuid-0", become_root);
#if defined(__x86_64__)
  TRY("iopl", SYS_iopl, 0);
  TRY("ioperm", SYS_ioperm, 0UL, 0UL, 0);
  TRY("modify_ldt", SYS_modify_ldt, 0, NULL, 0UL);
  TRY("uselib", SYS_uselib, "/nowhere");
  TRY("x32-call", 0x40000000 | SYS_getpid);
  print_child("32-bit-call", call_32_bit);
#else
  printf("iopl EPERM\nioperm EPERM\nmodify_ldt EPERM\nuselib EPERM\nx32-call ENOSYS\n"
         "32-bit-call signal31\n");
#endif
}

int main(int argc, char **argv) {
  become_fork(&argc, &argv);
  try_allowed();
  try_denied();
  return 0;
}
