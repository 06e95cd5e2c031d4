/*
 * Templates and the shells that their program forks itself into.
 *
 * A template is a shell like others, with three differences: its user namespace knows the ids of
 * all shells, so that theirs can be children of it; its program may call setns; and the program has
 * a connection to the launcher, by which it is given the namespaces of one shell after the other
 * (forking/serve.c).
 *
 * A guarded template's program may be hostile: it cannot call setns, and its forks are moved by
 * somebody else (operate.c).
 *
 * A forkable shell has the same parts as others, but all of its namespaces belong to its own user
 * namespace, which is a child of the template's and is owned by the user of the template's program.
 * To make one takes a process in the template's user namespace, the midwife; for a pid namespace is
 * made only by those who are in its parent, her own parent has to move there first and clone her.
 * There she has no power over the host any more, so somebody else makes the mounts, in the new pid
 * namespace, for its /proc, and in a mount namespace that is still the host's; the first process
 * then takes a copy of it into its own user namespace, in which all mounts are locked. Who made the
 * mounts writes the maps of ids, too.
 *
 * So there are three processes one after the other, each a copy of the launcher that ends when its
 * work is done. The launcher waits for none of them but in its loop.
 */
#include "shells.h"
#include "forking/serve.h"

#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* In a template, the number of the host's id x of a shell is this much above its rank. */
enum { FORKS_FIRST_ID = 100000 };

enum { UNASKED_MAX = 64 };

static const char *const namespaces[SERVED_NAMESPACE_COUNT] = SERVED_NAMESPACES;

/* By slot, and shared with those at work there: their numbers on this host, and what went wrong. */
static struct birth {
  volatile pid_t midwife;
  volatile pid_t first_process;
  volatile int error;
  const char *volatile step; /* of the text of this program, so everywhere the same */
  char path[112];
} *births;

static uint32_t id_in_template(uint32_t host_id) {
  return FORKS_FIRST_ID + (host_id - launcher.first_host_id);
}

void add_ids_of_forks(char *map, size_t size, uint32_t host_id) {
  const uint32_t first = launcher.first_host_id;
  const uint32_t end = first + (uint32_t)SHELLS_MAX * IDS_PER_SHELL;
  const uint32_t next = host_id + IDS_PER_SHELL;
  int length = 0;
  map[0] = 0;
  if (host_id > first) {
    length = snprintf(map, size, "%u %u %u\n", (unsigned)FORKS_FIRST_ID, first, host_id - first);
  }
  if (next < end && length >= 0 && (size_t)length < size) {
    snprintf(map + length, size - (size_t)length, "%u %u %u\n", id_in_template(next), next,
             end - next);
  }
}

/* ---- the midwife: a process of its own, which ends when its work is done ---- */

static int open_namespace(pid_t pid, const char *name) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  return fd < 0 ? fail("open-namespace", path) : fd;
}

static int join_cgroups_of(const struct plan *plan) {
  if (plan->cgroup_version != 1) return 0; /* cloned into it */
  for (uint32_t i = 0; i < plan->cgroup_count; i++) {
    if (write(plan->cgroups[i], "0", 1) != 1) return fail("join-cgroup", "");
  }
  return 0;
}

static int enter_template(const struct shell *template) {
  int users = open_namespace(template->pid, "user");
  if (users < 0) return -1;
  if (setns(launcher.template, CLONE_NEWNS) < 0) return fail("setns-template", "");
  if (unshare(CLONE_NEWNS) < 0) return fail("unshare-mounts", "");
  if (setns(users, CLONE_NEWUSER) < 0) return fail("setns-user", "");
  if (setgroups(0, NULL) < 0) return fail("setgroups", "");
  if (setresgid(0, 0, 0) < 0) return fail("setresgid", "");
  if (setresuid(0, 0, 0) < 0) return fail("setresuid", "");
  return 0;
}

/* With the user of the template's program, who owns the new user namespace by that. */
static int act_as_program(void) {
  if (setresuid((uid_t)-1, FUNCTION_UID, (uid_t)-1) < 0) return fail("setresuid", "");
  /* Some hosts let only those make a user namespace who have power in theirs. */
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct sets[2];
  if (syscall(SYS_capget, &header, sets) < 0) return fail("capget", "");
  for (int i = 0; i < 2; i++) sets[i].effective = sets[i].permitted;
  if (syscall(SYS_capset, &header, sets) < 0) return fail("capset", "");
  /*
   * The new process will be in the power of the template's user, whose program sees its number at
   * once, and is a copy of the launcher: nobody may look into its memory or descriptors, from its
   * first moment on.
   */
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) return fail("dumpable", "");
  return 0;
}

/* The number on this host, of which she only knows that in the template. */
static pid_t number_of(int pidfd, int processes_directory) {
  char path[64], text[512];
  snprintf(path, sizeof path, "self/fdinfo/%d", pidfd);
  int fd = openat(processes_directory, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail("open", path);
  ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  text[length < 0 ? 0 : length] = 0;
  const char *found = strstr(text, "\nPid:");
  int pid = found ? atoi(found + 5) : 0;
  errno = ESRCH;
  return pid > 0 ? pid : fail("read", path);
}

static int bear(const struct plan *plan, int control, int processes_directory) {
  const uint64_t flags =
      CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
  int pidfd = -1;
  if (enter_template(&shells[plan->template]) < 0 || act_as_program() < 0) return -1;
  pid_t result = sys_clone_sibling(flags, &pidfd, NULL);
  if (result == 0) run_forkable_first_process(plan, control);
  if (result < 0) return fail("clone", "");
  pid_t pid = number_of(pidfd, processes_directory);
  if (pid < 0) return -1;
  births[plan->slot].first_process = pid;
  return 0;
}

static void end(int result, uint32_t slot) __attribute__((noreturn));
static void end(int result, uint32_t slot) {
  if (result == 0) _exit(0);
  births[slot].error = failure.error;
  births[slot].step = failure.step;
  snprintf(births[slot].path, sizeof births[slot].path, "%.100s", failure.path);
  _exit(1);
}

static int call_midwife(const struct plan *plan, int control) {
  int pidfd = -1;
  int processes_directory = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (processes_directory < 0) return fail("open", "/proc");
  int pids = open_namespace(shells[plan->template].pid, "pid");
  if (pids < 0) return -1;
  if (join_cgroups_of(plan) < 0) return -1;
  if (setns(pids, CLONE_NEWPID) < 0) return fail("setns-pids", "");
  pid_t pid = sys_clone_sibling(0, &pidfd, (pid_t *)&births[plan->slot].midwife);
  if (pid == 0) end(bear(plan, control, processes_directory), plan->slot);
  return pid < 0 ? fail("clone", "") : 0;
}

/* ---- birth ---- */

static bool is_running(uint32_t slot, enum kind kind) {
  return slot < SHELLS_MAX && shells[slot].state == RUNNING && shells[slot].kind == kind;
}

static int make_births(void) {
  if (births) return 0;
  void *memory = mmap(NULL, SHELLS_MAX * sizeof(struct birth), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return fail("mmap", "births");
  births = memory;
  return 0;
}

static int clone_midwife(struct shell *shell, int inner) {
  const struct plan *plan = shell->plan;
  errno = ESRCH;
  if (!is_running(shell->template, TEMPLATE)) return fail("template", "");
  if (make_births() < 0) return -1;
  births[plan->slot] = (struct birth){.midwife = 0};
  pid_t pid = sys_clone(0, &shell->midwife, plan->cgroup_version == 2 ? plan->cgroups[0] : -1);
  if (pid == 0) end(call_midwife(plan, inner), plan->slot);
  return pid < 0 ? fail("clone", "") : 0;
}

int begin_birth(struct shell *shell, uint32_t slot, const int *sockets) {
  int result = clone_midwife(shell, sockets[1]);
  close(sockets[1]);
  if (result < 0) {
    close(sockets[0]);
    return -1;
  }
  shell->control = sockets[0];
  shell->pid = 0;
  shell->state = BIRTH;
  processes++;
  if (watch(shell->midwife, SHELL_BIRTH, slot) < 0) exit(1); /* nobody would see it end */
  return 0;
}

static int map_ids_of(const struct shell *shell, int processes_directory, const char *file,
                      unsigned inner) {
  const uint32_t host_id = shell->plan->host_id;
  char path[64], map[96];
  snprintf(path, sizeof path, "%d/%s", shell->pid, file);
  snprintf(map, sizeof map, "0 %u 1\n%u %u 1\n", id_in_template(host_id), inner,
           id_in_template(host_id + 1));
  return write_file_at(processes_directory, path, map) < 0 ? fail("id-map", path) : 0;
}

/*
 * The maps are written by who has all power in the template's user namespace and is the host's root
 * still, to whom the files belong.
 */
static int map_all_ids(const struct shell *shell, int users, int processes_directory) {
  if (setns(users, CLONE_NEWUSER) < 0) return fail("setns-user", "");
  if (map_ids_of(shell, processes_directory, "uid_map", FUNCTION_UID) < 0) return -1;
  return map_ids_of(shell, processes_directory, "gid_map", FUNCTION_GID);
}

/* Makes the mounts; in the pid namespace of the shell, and on behalf of the host. */
static int mount_for(const struct shell *shell) {
  char path[64];
  errno = ESRCH;
  if (!is_running(shell->template, TEMPLATE)) return fail("template", "");
  int users = open_namespace(shells[shell->template].pid, "user");
  int mounts = users < 0 ? -1 : open_namespace(shell->pid, "mnt");
  if (mounts < 0) return -1;
  int processes_directory = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (processes_directory < 0) return fail("open", "/proc");
  /* Here, where there is a /proc: when the host has no memory, functions go before the server. */
  snprintf(path, sizeof path, "/proc/%d/oom_score_adj", shell->pid);
  if (write_file(path, "300") < 0) return fail("oom-score", path);
  if (setns(mounts, CLONE_NEWNS) < 0) return fail("setns-mounts", "");
  const struct plan *plan = shell->plan;
  if (mount_own(plan->tmp_mount, plan->tmp_bytes, plan->host_id) < 0) return -1;
  if (plan->image >= 0 && enter_image(plan->image) < 0) return -1;
  return map_all_ids(shell, users, processes_directory);
}

/* Clones the process that makes the mounts. */
static int begin_mounts(struct shell *shell, uint32_t slot) {
  static int own_pids = -1;
  if (own_pids < 0) own_pids = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
  if (own_pids < 0) return fail("open", "/proc/self/ns/pid");
  int pids = open_namespace(shell->pid, "pid");
  if (pids < 0) return -1;
  int entered = setns(pids, CLONE_NEWPID);
  close(pids);
  if (entered < 0) return fail("setns-pids", "");
  pid_t pid = sys_clone(0, &shell->midwife, -1);
  if (pid == 0) end(mount_for(shell), slot);
  if (pid < 0) fail("clone", "");
  if (setns(own_pids, CLONE_NEWPID) < 0) exit(1); /* children would be made elsewhere */
  return pid < 0 ? -1 : 0;
}

/* The failure that one of those at work has told, or that one ended without a word. */
static void hear_failure(uint32_t slot) {
  errno = births[slot].error ? births[slot].error : ECHILD;
  fail(births[slot].step ? births[slot].step : "midwife-ended", births[slot].path);
}

/* The first process goes on by itself. */
static int let_go_on(const struct shell *shell, uint32_t slot) {
  struct header prepared = {PREPARED, 0, 0};
  if (watch(shell->control, SHELL_CONTROL, slot) < 0) return fail("epoll", "");
  if (send_message(shell->control, &prepared, sizeof prepared, -1) < 0) {
    return fail("send", "prepared");
  }
  return 0;
}

/* Nobody was born. */
static void miscarry(struct shell *shell, uint32_t slot) {
  hear_failure(slot);
  answer_failure(shell->create_request, slot);
  processes--;
  forget(slot);
}

static void watch_midwife(const struct shell *shell, uint32_t slot) {
  if (watch(shell->midwife, SHELL_BIRTH, slot) < 0) exit(1); /* nobody would see it end */
}

/* The end of the last one at work; the shell is like others now. */
static void finish_birth(struct shell *shell, uint32_t slot, int result) {
  shell->thaw = shell->plan->thaw;
  shell->plan->thaw = NULL;
  shell->state = SETTING_UP;
  if (watch(shell->pidfd, SHELL_END, slot) < 0) exit(1);
  free_plan(shell);
  if (result == 0 && shell->doomed) {
    errno = ECANCELED;
    result = fail("killed", "");
  }
  if (result == 0) result = let_go_on(shell, slot);
  if (result < 0) give_up_on(shell, slot);
}

/* There is a first process. If all went well so far, its mounts are to be made. */
static void meet_first_process(struct shell *shell, uint32_t slot, bool well) {
  shell->pid = births[slot].first_process;
  shell->pidfd = sys_pidfd_open(shell->pid);
  if (shell->pidfd < 0) exit(1); /* only this process could have waited for it */
  if (!well) hear_failure(slot);
  if (!well || begin_mounts(shell, slot) < 0) {
    finish_birth(shell, slot, -1);
  } else {
    watch_midwife(shell, slot);
  }
}

/* One of those at work has ended. */
void shell_birth_event(uint32_t slot) {
  struct shell *shell = &shells[slot];
  siginfo_t last = {.si_pid = 0};
  if (shell->state != BIRTH) return;
  if (waitid(P_PIDFD, (id_t)shell->midwife, &last, WEXITED | WNOHANG | __WALL) < 0 ||
      !last.si_pid) {
    return;
  }
  bool well = last.si_code == CLD_EXITED && last.si_status == 0;
  close_watched(shell->midwife);
  if (births[slot].midwife > 0) {
    shell->midwife = sys_pidfd_open(births[slot].midwife);
    births[slot].midwife = 0;
    if (shell->midwife < 0) exit(1);
    watch_midwife(shell, slot);
  } else if (births[slot].first_process <= 0) {
    miscarry(shell, slot);
  } else if (shell->pid == 0) {
    meet_first_process(shell, slot, well);
  } else {
    if (!well) hear_failure(slot);
    finish_birth(shell, slot, well ? 0 : -1);
  }
}

/* ---- forks ---- */

void meet_program(uint32_t slot, int fd) {
  struct shell *shell = &shells[slot];
  lose_program(slot);
  shell->program = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (shell->program < 0) return;
  if (pipe2(shell->answers, O_CLOEXEC) < 0) {
    close(shell->program);
    return;
  }
  shell->has_program = true;
  shell->unasked = 0;
  if (fcntl(shell->answers[0], F_SETFL, O_NONBLOCK) < 0 ||
      watch_end(shell->program, TEMPLATE_PROGRAM, slot) < 0 ||
      watch(shell->answers[0], TEMPLATE_ANSWER, slot) < 0) {
    lose_program(slot);
  }
}

/* Whoever waits for it waits no more. */
void lose_program(uint32_t slot) {
  struct shell *shell = &shells[slot];
  if (!shell->has_program) return;
  shell->has_program = false;
  close_watched(shell->program);
  close_watched(shell->answers[0]);
  close(shell->answers[1]);
  for (uint32_t i = 0; i < SHELLS_MAX; i++) {
    if (shells[i].fork_request == 0 || shells[i].template != slot) continue;
    errno = ECONNRESET;
    fail("template", "");
    answer_failure(shells[i].fork_request, i);
    shells[i].fork_request = 0;
  }
}

/* The answer of a template's program, which may be anybody's: it speaks for its own shells only. */
static void take_answer(uint32_t slot, struct fork_answer *answer) {
  static char step[sizeof answer->step];
  struct shell *shell = &shells[answer->shell < SHELLS_MAX ? answer->shell : 0];
  if (!is_running(answer->shell, FORKABLE) || shell->template != slot ||
      shell->fork_request == 0 || shell->fork_request != answer->request) {
    /* Whoever waited may be gone; more often than that, it only keeps the launcher busy. */
    if (++shells[slot].unasked > UNASKED_MAX) lose_program(slot);
    return;
  }
  shell->fork_request = 0;
  if (answer->pid <= 1) {
    memcpy(step, answer->step, sizeof step);
    step[sizeof step - 1] = 0;
    errno = answer->error;
    fail(step, "");
    answer_failure(answer->request, answer->shell);
    return;
  }
  struct writer writer;
  put_header(&writer, TAKE_IN, 0, 0);
  put_u32(&writer, shell->fork_process);
  put_u32(&writer, (uint32_t)answer->pid);
  if (send_message(shell->control, writer.bytes, writer.length, -1) < 0) {
    fail("take-in", "");
    answer_failure(answer->request, answer->shell);
    return;
  }
  answer_done(answer->request, answer->shell);
}

/*
 * A pipe, for no descriptors come by it: whoever closes the last one of a socket may have to wait
 * for as long as its owner likes, and here nobody may wait.
 */
void template_answer_event(uint32_t slot) {
  struct shell *shell = &shells[slot];
  struct fork_answer answer;
  if (!shell->has_program) return;
  ssize_t length = read(shell->answers[0], &answer, sizeof answer);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (length != (ssize_t)sizeof answer) {
    lose_program(slot);
    return;
  }
  take_answer(slot, &answer);
}

/* ---- guarded templates: others move their forks ---- */

void end_operation(uint32_t slot) {
  struct shell *shell = &shells[slot];
  if (shell->operation <= 0) return;
  close_watched(shell->operation);
  shell->operation = 0;
  kill(shell->operation_pid, SIGKILL);
  while (waitpid(shell->operation_pid, NULL, __WALL) < 0 && errno == EINTR) {
  }
}

/* It has said all to the process that waits for it. */
void shell_operation_event(uint32_t slot) { end_operation(slot); }

/* Returns the other end of the connection to the process that does it. */
static int begin_operation(struct shell *shell, uint32_t slot, const int *groups, uint32_t count) {
  const struct shell *template = &shells[shell->template];
  struct operation operation = {
      .template = template->pid,
      .owner_before = launcher.first_host_id + shell->template * IDS_PER_SHELL + 1,
      .first = shell->pid,
      .owner = launcher.first_host_id + slot * IDS_PER_SHELL + 1,
      .group_count = count,
  };
  const int on = 1;
  int sockets[2];
  memcpy(operation.groups, groups, count * sizeof *groups);
  end_operation(slot);
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) {
    return fail("socketpair", "");
  }
  operation.socket = sockets[0];
  pid_t pid = setsockopt(sockets[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0
                  ? fail("setsockopt", "")
                  : start_operation(&operation);
  close(sockets[0]);
  if (pid < 0) {
    close(sockets[1]);
    return -1;
  }
  shell->operation_pid = pid;
  shell->operation = sys_pidfd_open(pid);
  if (shell->operation < 0 || watch(shell->operation, SHELL_OPERATION, slot) < 0) exit(1);
  return sockets[1];
}

/* ---- requests of forks ---- */

/* Adds the namespaces, the groups or the operator, and last where to answer. */
static int open_for_fork(struct shell *shell, uint32_t slot, char *const *groups,
                         uint32_t group_count, int *fds, uint32_t *count) {
  for (uint32_t i = 0; i < SERVED_NAMESPACE_COUNT; i++) {
    int fd = open_namespace(shell->pid, namespaces[i]);
    if (fd < 0) return -1;
    fds[(*count)++] = fd;
  }
  const uint32_t first_group = *count;
  for (uint32_t i = 0; i < group_count; i++) {
    int fd = open(groups[i], O_WRONLY | O_CLOEXEC);
    if (fd < 0) return fail("open-cgroup", groups[i]);
    fds[(*count)++] = fd;
  }
  const struct shell *template = &shells[shell->template];
  int answers = fcntl(template->answers[1], F_DUPFD_CLOEXEC, 0);
  if (answers < 0) return fail("dup", "answers");
  if (!template->guarded) {
    fds[(*count)++] = answers;
    return 0;
  }
  int operator = begin_operation(shell, slot, fds + first_group, group_count);
  if (operator < 0) {
    close(answers);
    return -1;
  }
  while (*count > first_group) close(fds[--*count]);
  fds[(*count)++] = operator;
  fds[(*count)++] = answers;
  return 0;
}

int fork_into(struct header header, struct reader *reader, int output) {
  struct shell *shell = &shells[header.shell];
  char *groups[SERVED_GROUPS_MAX + 1];
  int fds[3 + SERVED_NAMESPACE_COUNT + SERVED_GROUPS_MAX] = {output};
  uint32_t count = 1;
  uint32_t process = take_u32(reader);
  uint32_t group_count = take_texts(reader, groups, SERVED_GROUPS_MAX);
  const char *argument = take_text(reader);
  size_t length = strlen(argument) + 1;
  errno = EINVAL;
  if (reader->bad || output < 0 || header.request == 0 || length > SERVED_ARGUMENT_MAX) {
    return fail("message", "fork");
  }
  if (shell->kind != FORKABLE || shell->fork_request != 0) return fail("fork", "");
  errno = ESRCH;
  if (!is_running(shell->template, TEMPLATE) || !shells[shell->template].has_program) {
    return fail("template", "");
  }
  if (give_output(header.shell, output) < 0) return -1;
  const bool guarded = shells[shell->template].guarded;
  const struct fork_request request = {header.request, header.shell, guarded ? 0 : group_count,
                                       guarded};
  int result = open_for_fork(shell, header.shell, groups, group_count, fds, &count);
  if (result == 0 && send_descriptors(shells[shell->template].program, &request, sizeof request,
                                      argument, length, fds, count) < 0) {
    result = fail("fork", "");
  }
  while (count > 1) close(fds[--count]);
  if (result < 0) return -1;
  shell->fork_request = header.request;
  shell->fork_process = process;
  return 0;
}
