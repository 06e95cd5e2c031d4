/*
 * Forks the calling program into sandboxes, as the launcher asks for it.
 *
 * This is loaded into an interpreter that has done what all its forks have in common. The
 * interpreter is an ordinary unprivileged process of its own sandbox: no capabilities, own user
 * namespace. All that it has is that the user namespaces of the sandboxes made for it are children
 * of its own and belong to its user, and whoever owns a user namespace has power over it. So a
 * process that it makes can enter such a sandbox, and no other.
 *
 * In a guarded template, where a function's code has run, not even that: there the first of these
 * is moved by somebody else (operate.c).
 *
 * Entering a user namespace cannot be undone, and a new process is in the pid namespace that its
 * parent chose for its children. Hence two processes in between, of which none costs a copy of the
 * interpreter's memory, for they run on it while it waits (vfork):
 *   1. enters the sandbox and gives up all power there;
 *   2. is the first in its pid namespace, and forks;
 *   3. is the fork. When 2 ends, the sandbox's own first process becomes its parent.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* As in launcher.h. */
enum { FUNCTION_UID = 993, FUNCTION_GID = 990 };
enum { MAX_ATTACHED = 2 + SERVED_NAMESPACE_COUNT + SERVED_GROUPS_MAX };

/* Of the connection to the operator among what is attached. */
enum { OPERATOR = 1 + SERVED_NAMESPACE_COUNT };

/* The C library's own, for the name may be this library's (preloaded.c). */
extern pid_t __fork(void) __attribute__((weak));

/* Not on the stack, which the processes in between share with the interpreter. */
static struct {
  struct fork_request request;
  int attached[MAX_ATTACHED]; /* output, namespaces, groups or operator, where to answer */
  size_t attached_count;
  size_t argument_length;
  pid_t server;
  pid_t first;
  pid_t second;
  bool keeps_descriptors;
  volatile pid_t child;
  volatile int error;
  const char *volatile step;
} job;

static const int namespace_kinds[SERVED_NAMESPACE_COUNT] = {
    CLONE_NEWUSER, CLONE_NEWCGROUP, CLONE_NEWPID, CLONE_NEWNS,
    CLONE_NEWNET,  CLONE_NEWIPC,    CLONE_NEWUTS,
};

static void give_up(const char *step) __attribute__((noreturn));
static void give_up(const char *step) {
  job.error = errno ? errno : EIO;
  job.step = step;
  _exit(1);
}

/* ---- the first process in between ---- */

/* The group first, so that what is allocated from here on counts as the sandbox's. */
static void join_groups(void) {
  for (size_t i = 1 + SERVED_NAMESPACE_COUNT; i + 1 < job.attached_count; i++) {
    if (write(job.attached[i], "0", 1) != 1) give_up("join-cgroup");
  }
}

static void enter_namespaces(void) {
  for (int i = 0; i < SERVED_NAMESPACE_COUNT; i++) {
    if (syscall(SYS_setns, job.attached[1 + i], namespace_kinds[i]) < 0) give_up("setns");
  }
}

/* By bare system calls: the library would tell the threads of the interpreter. */
static void drop_power(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
  if (syscall(SYS_setgroups, 0UL, NULL) < 0) give_up("setgroups");
  if (syscall(SYS_setresgid, FUNCTION_GID, FUNCTION_GID, FUNCTION_GID) < 0) give_up("setresgid");
  for (unsigned long capability = 0; capability < 64; capability++) {
    if (syscall(SYS_prctl, PR_CAPBSET_DROP, capability, 0UL, 0UL, 0UL) < 0) {
      if (errno == EINVAL && capability > CAP_AUDIT_READ) break; /* past the kernel's last */
      give_up("drop-capabilities");
    }
  }
  if (syscall(SYS_setresuid, FUNCTION_UID, FUNCTION_UID, FUNCTION_UID) < 0) give_up("setresuid");
  if (syscall(SYS_capset, &header, none) < 0) give_up("capset");
  if (syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0UL, 0UL, 0UL) < 0) {
    give_up("ambient");
  }
}

/* The one call that the filter of a template allows and that of other programs does not. */
static void refuse_setns(void) {
  static struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setns, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  static const struct sock_fprog program = {sizeof code / sizeof code[0], code};
  if (syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) < 0) give_up("no-new-privs");
  if (syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0UL, 0UL) < 0) {
    give_up("seccomp");
  }
}

/*
 * In a guarded template all that is somebody else's work, for which this process stands still: the
 * call has nothing to wait for, and ends only as the operator wants it.
 */
static void be_moved(void) {
  struct fork_ready ready;
  for (int i = 0; i < SERVED_NAMESPACE_COUNT; i++) ready.namespaces[i] = job.attached[1 + i];
  if (send(job.attached[OPERATOR], &ready, sizeof ready, MSG_NOSIGNAL) < 0) give_up("operator");
  if (syscall(SYS_ppoll, NULL, 0UL, NULL, NULL, 0UL) != 0) give_up("moved");
}

static void wait_for(pid_t pid) {
  while (syscall(SYS_wait4, pid, NULL, __WALL, NULL) < 0 && errno == EINTR) {
  }
}

/* ---- the fork itself ---- */

/* The library's mark for calls that would use a number of the processor from before the fork. */
extern const ptrdiff_t __rseq_offset __attribute__((weak));
extern const unsigned __rseq_size __attribute__((weak));

static void register_rseq(void) {
#if defined(__x86_64__) || defined(__aarch64__)
  enum { CPU_ID_FAILED = -2, AREA_BYTES = 32 };
  char *thread;
  if (!&__rseq_size || !&__rseq_offset || __rseq_size == 0) return;
#if defined(__x86_64__)
  const unsigned signature = 0x53053053;
  __asm__("mov %%fs:0, %0" : "=r"(thread));
#else
  const unsigned signature = 0xd428bc00;
  __asm__("mrs %0, tpidr_el0" : "=r"(thread));
#endif
  char *area = thread + __rseq_offset;
  if (syscall(SYS_rseq, area, AREA_BYTES, 0UL, signature) < 0) {
    const int failed = CPU_ID_FAILED;
    memcpy(area + sizeof failed, &failed, sizeof failed);
  }
#endif
}

static void close_attached(void) {
  for (size_t i = 0; i < job.attached_count; i++) close(job.attached[i]);
  job.attached_count = 0;
}

/* An interpreter may want to close its own by itself. */
static int close_descriptors(int null) {
  if (!job.keeps_descriptors) return (int)syscall(SYS_close_range, 3UL, ~0UL, 0UL);
  close_attached();
  close(null);
  return close(SERVE_FD);
}

/* What a program gets by being executed. */
static void become_program(void) {
  int null = open("/dev/null", O_RDONLY);
  if (null < 0 || dup2(null, 0) < 0 || dup2(job.attached[0], 1) < 0 ||
      dup2(job.attached[0], 2) < 0 || syscall(SYS_setsid) < 0 || close_descriptors(null) < 0 ||
      syscall(SYS_prctl, PR_SET_DUMPABLE, 1UL, 0UL, 0UL, 0UL) < 0) {
    _exit(127);
  }
  register_rseq();
}

pid_t library_fork(void) {
  if (&__fork) return __fork();
  errno = ENOSYS;
  return -1;
}

/*
 * Libraries tell by its number whether a process was forked, and the numbers of two pid namespaces
 * may be the same; such a fork is thrown away.
 */
static pid_t fork_unlike_server(void) {
  for (;;) {
    pid_t pid = library_fork();
    if (pid == 0 && syscall(SYS_getpid) == job.server) _exit(0);
    if (pid != job.server) return pid;
    wait_for(pid);
  }
}

/* Returns only in the fork. */
static void be_second(void) {
  pid_t pid = fork_unlike_server();
  if (pid < 0) give_up("fork");
  if (pid == 0) return;
  job.child = pid;
  _exit(0);
}

static void be_first(void) {
  if (job.request.operated) {
    be_moved();
  } else {
    join_groups();
    enter_namespaces();
    drop_power();
    refuse_setns();
  }
  job.second = vfork();
  if (job.second == 0) {
    be_second();
    return;
  }
  if (job.second < 0) give_up("vfork");
  wait_for(job.second);
  _exit(0);
}

/* ---- serving ---- */

static void take_attached(struct msghdr *message) {
  for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(job.attached, CMSG_DATA(part), count * sizeof(int));
    job.attached_count = count;
  }
}

/* The next request; -1 when there will be none. */
static int receive_request(char *argument, size_t size) {
  struct iovec parts[] = {{&job.request, sizeof job.request}, {argument, size}};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(MAX_ATTACHED * sizeof(int))];
  } control;
  struct msghdr message = {
      .msg_iov = parts, .msg_iovlen = 2, .msg_control = &control, .msg_controllen = sizeof control};
  ssize_t length;
  job.attached_count = 0;
  do {
    length = recvmsg(SERVE_FD, &message, MSG_CMSG_CLOEXEC);
  } while (length < 0 && errno == EINTR);
  if (length < (ssize_t)sizeof job.request) return -1;
  take_attached(&message);
  job.argument_length = (size_t)length - sizeof job.request;
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || job.argument_length == 0 ||
      argument[job.argument_length - 1] != 0 ||
      job.request.operated > 1 || (job.request.operated && job.request.groups) ||
      job.attached_count !=
          2 + SERVED_NAMESPACE_COUNT + job.request.groups + job.request.operated) {
    return -1;
  }
  job.argument_length--;
  return 0;
}

/* What the operator says, if it has failed. */
static void hear_operator(void) {
  static struct fork_answer why;
  if (!job.request.operated || job.child > 0) return;
  if (recv(job.attached[OPERATOR], &why, sizeof why, MSG_DONTWAIT) != (ssize_t)sizeof why) return;
  why.step[sizeof why.step - 1] = 0;
  job.error = why.error;
  job.step = why.step;
}

static int answer(void) {
  struct fork_answer reply = {job.request.request, job.request.shell, job.child, 0, ""};
  if (reply.pid <= 0) {
    const char *step = job.step ? job.step : "ended";
    reply.pid = 0;
    reply.error = job.error ? job.error : ECHILD;
    for (size_t i = 0; i + 1 < sizeof reply.step && step[i]; i++) reply.step[i] = step[i];
  }
  const int to = job.attached[job.attached_count - 1];
  return write(to, &reply, sizeof reply) == (ssize_t)sizeof reply ? 0 : -1;
}

static void call(void (*hook)(void)) {
  if (hook) hook();
}

int await_request(char *argument, size_t size, bool keeps_descriptors) {
  job.server = (pid_t)syscall(SYS_getpid);
  if (receive_request(argument, size) < 0) {
    close_attached();
    return -1;
  }
  job.keeps_descriptors = keeps_descriptors;
  job.child = 0;
  job.error = 0;
  job.step = NULL;
  return 0;
}

pid_t fork_as_requested(void) {
  job.first = vfork();
  if (job.first == 0) {
    be_first();
    become_program();
    return 0;
  }
  if (job.first < 0) {
    job.error = errno;
    job.step = "vfork";
  } else {
    wait_for(job.first);
  }
  return 1;
}

int answer_request(char *argument) {
  hear_operator();
  explicit_bzero(argument, job.argument_length); /* it may carry secrets */
  int result = answer();
  close_attached();
  return result;
}

long lambic_serve_forks(const struct fork_hooks *hooks, char *argument, size_t size) {
  while (await_request(argument, size, false) == 0) {
    call(hooks->before);
    if (fork_as_requested() == 0) {
      call(hooks->in_child);
      return (long)job.argument_length;
    }
    call(hooks->in_parent);
    if (answer_request(argument) < 0) break;
  }
  return -1;
}
