/* Tries each mechanism that sandboxes rest on, and prints "name errno step path" per line. */
#include "launcher.h"

#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { PROBE_MILLISECONDS = 10000 };

static int one_namespace(int flag) { return unshare(flag) < 0 ? fail("unshare", "") : 0; }

static int try_user(void) { return one_namespace(CLONE_NEWUSER); }
static int try_mounts(void) { return one_namespace(CLONE_NEWNS); }
static int try_pids(void) { return one_namespace(CLONE_NEWPID); }
static int try_ipc(void) { return one_namespace(CLONE_NEWIPC); }
static int try_uts(void) { return one_namespace(CLONE_NEWUTS); }
static int try_network(void) { return one_namespace(CLONE_NEWNET); }
static int try_cgroup(void) { return one_namespace(CLONE_NEWCGROUP); }

static int try_clone(void) {
  int pidfd = -1;
  pid_t pid = sys_clone(0, &pidfd, -1);
  if (pid == 0) _exit(0);
  if (pid < 0) return fail("clone3", "");
  return waitpid(pid, NULL, 0) < 0 ? fail("wait", "") : 0;
}

/* Two ids far from those of people, as the shells use them. */
static int try_id_map(void) {
  char path[64];
  int pidfd = -1;
  int result = 0;
  pid_t pid = sys_clone(CLONE_NEWUSER, &pidfd, -1);
  if (pid == 0) {
    pause();
    _exit(0);
  }
  if (pid < 0) return fail("clone3", "");
  snprintf(path, sizeof path, "/proc/%d/uid_map", pid);
  if (write_file(path, "0 1879048192 1\n993 1879048193 1\n") < 0) result = fail("id-map", path);
  sys_pidfd_send_signal(pidfd, SIGKILL);
  waitpid(pid, NULL, 0);
  return result;
}

static int try_mount_calls(void) {
  if (unshare(CLONE_NEWNS) < 0) return fail("unshare", "");
  int tree = read_only_tree("/usr");
  if (tree < 0) return -1;
  if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) return fail("mount-private", "/");
  return attach_tree(tree, "/mnt");
}

static int try_proc(void) {
  int pidfd = -1;
  int status = 0;
  pid_t pid = sys_clone(CLONE_NEWPID | CLONE_NEWNS, &pidfd, -1);
  if (pid == 0) {
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) _exit(errno);
    _exit(mount("proc", "/proc", "proc", 0, "hidepid=invisible") < 0 ? errno : 0);
  }
  if (pid < 0) return fail("clone3", "");
  if (waitpid(pid, &status, 0) < 0) return fail("wait", "");
  errno = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
  return status == 0 ? 0 : fail("mount", "/proc");
}

static int try_close_range(void) {
  return sys_close_range(100, ~0U) < 0 ? fail("close-range", "") : 0;
}

static int try_filter(void) {
  build_filters();
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return fail("no-new-privs", "");
  if (install_filter(PLAIN) < 0) return -1;
  errno = 0;
  if (setns(-1, 0) == 0 || errno != EPERM) return fail("filter-without-effect", "");
  return 0;
}

static const char *probe_directory;

static int try_tmp_image(void) {
  unsigned char answer[2048];
  int mount = -1;
  int maker = start_tmp_maker(probe_directory);
  struct pollfd ready = {maker, POLLIN, 0};
  if (maker < 0 || request_tmp(maker, 4 << 20, 0) < 0) return -1;
  errno = ETIMEDOUT;
  if (poll(&ready, 1, PROBE_MILLISECONDS) != 1) return fail("tmp-maker", "");
  ssize_t length = receive_message(maker, POLL, answer, sizeof answer, &mount);
  struct header header;
  errno = EPIPE;
  if (length < (ssize_t)sizeof header) return fail("tmp-maker", "");
  memcpy(&header, answer, sizeof header);
  if (header.type == DONE && mount >= 0) return 0;
  struct reader reader = read_after_header(answer, (size_t)length);
  const char *step = take_text(&reader);
  errno = (int)take_u32(&reader);
  return fail(step, take_text(&reader));
}

/* Whether the file system of the data directory lets its owners be mapped. */
static int try_file_systems(void) {
  char path[PATH_MAX];
  if (!realpath(probe_directory, path)) return fail("realpath", probe_directory);
  return shared_tree(path, 0, 1879048193) < 0 ? -1 : 0;
}

static const struct {
  const char *name;
  int (*try)(void);
} probes[] = {
    {"clone3", try_clone},
    {"user-namespace", try_user},
    {"mount-namespace", try_mounts},
    {"pid-namespace", try_pids},
    {"ipc-namespace", try_ipc},
    {"uts-namespace", try_uts},
    {"network-namespace", try_network},
    {"cgroup-namespace", try_cgroup},
    {"id-map", try_id_map},
    {"mount-calls", try_mount_calls},
    {"private-proc", try_proc},
    {"close-range", try_close_range},
    {"system-call-filter", try_filter},
    {"tmp-image", try_tmp_image},
    {"file-systems", try_file_systems},
};

/* Each in a process of its own, since most cannot be undone. */
static void run_probe(const char *name, int (*try)(void)) {
  int status = 0;
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    int result = try();
    if (result < 0) printf("%s %d %s %s\n", name, failure.error, failure.step, failure.path);
    if (result == 0) printf("%s 0\n", name);
    fflush(stdout);
    _exit(0);
  }
  if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0) {
    printf("%s %d probe-ended %d\n", name, EIO, status);
  }
}

int probe(const char *work_directory) {
  probe_directory = work_directory;
  for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++) {
    run_probe(probes[i].name, probes[i].try);
  }
  return 0;
}
