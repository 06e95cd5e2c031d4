/*
 * Moves a process of a guarded template into a sandbox that was made for the template.
 *
 * The program of a guarded template may be hostile: it has run a function's code. So it has the
 * filter of every program and cannot enter a namespace, though its user would have power over those
 * that were made for it. Instead the process that is about to be forked stands still, and is moved
 * from outside: traced by a process of the launcher, it makes the calls that it is told to and no
 * other, for each is looked at before it is made, while its filter is suspended for these alone.
 * Whatever the memory of that process holds, or others write to it meanwhile, steers nothing: all
 * arguments are in registers. In the end it has no power and all namespaces of the sandbox, which
 * is seen from outside before it goes on by itself; else it is killed.
 *
 * A helper does one such operation and ends. When it ends early, so does the process.
 */
#include "shells.h"
#include "forking/serve.h"

#include <elf.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

/* Of a call that was not made, or of which nothing is known. */
static const int64_t NOT_MADE = INT64_MIN;

enum {
  READY_MILLISECONDS = 4000,
  OPERATION_SECONDS = 2,
  STILL_ATTEMPTS = 2000,
  STOP_OF_CALL = SIGTRAP | 0x80,
  FIRST_KEPT = 3
};

#if defined(__x86_64__)
enum { ARCH = AUDIT_ARCH_X86_64, INSTRUCTION_BYTES = 2 };
typedef struct user_regs_struct registers;
static uint64_t *pc_of(registers *of) { return (uint64_t *)&of->rip; }
static bool is_call(long text) { return (text & 0xffff) == 0x050f; }
static void set_call(registers *to, long number, const uint64_t *arguments) {
  to->rax = (unsigned long long)number;
  to->orig_rax = (unsigned long long)-1; /* nothing is to be done again */
  to->rdi = arguments[0];
  to->rsi = arguments[1];
  to->rdx = arguments[2];
  to->r10 = arguments[3];
  to->r8 = arguments[4];
  to->r9 = arguments[5];
}
static void set_result(registers *to) {
  to->rax = 0;
  to->orig_rax = (unsigned long long)-1;
}
#else
enum { ARCH = AUDIT_ARCH_AARCH64, INSTRUCTION_BYTES = 4 };
typedef struct user_regs_struct registers;
static uint64_t *pc_of(registers *of) { return (uint64_t *)&of->pc; }
static bool is_call(long text) { return (text & 0xffffffff) == 0xd4000001; }
static void set_call(registers *to, long number, const uint64_t *arguments) {
  for (int i = 0; i < 6; i++) to->regs[i] = arguments[i];
  to->regs[8] = (uint64_t)number;
}
static void set_result(registers *to) { to->regs[0] = 0; }
#endif

static const char *const namespaces[SERVED_NAMESPACE_COUNT] = SERVED_NAMESPACES;
static const int namespace_kinds[SERVED_NAMESPACE_COUNT] = {
    CLONE_NEWUSER, CLONE_NEWCGROUP, CLONE_NEWPID, CLONE_NEWNS,
    CLONE_NEWNET,  CLONE_NEWIPC,    CLONE_NEWUTS,
};

/* The process, and what it had when it stood still. */
static struct {
  pid_t pid;
  registers before;
  uint64_t instruction; /* address of the one by which it makes calls */
} patient;

static int read_status(pid_t pid, char *text, size_t size) {
  char path[64];
  text[0] = '\n';
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail("open", path);
  ssize_t length = read(fd, text + 1, size - 2);
  close(fd);
  text[length < 0 ? 1 : length + 1] = 0;
  return length > 0 ? 0 : fail("read", path);
}

static int must_have(const char *status, const char *line) {
  char whole[128];
  snprintf(whole, sizeof whole, "\n%s\n", line);
  errno = EPERM;
  return strstr(status, whole) ? 0 : fail("fork-status", line);
}

static int must_have_ids(const char *status, uint32_t owner) {
  static const char *const kinds[] = {"Uid", "Gid"};
  char line[96];
  for (int i = 0; i < 2; i++) {
    snprintf(line, sizeof line, "%s:\t%u\t%u\t%u\t%u", kinds[i], owner, owner, owner, owner);
    if (must_have(status, line) < 0) return -1;
  }
  return 0;
}

static int must_have_no_power(const char *status) {
  static const char *const lines[] = {
      "CapInh:\t0000000000000000", "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000",
      "CapBnd:\t0000000000000000", "CapAmb:\t0000000000000000", "NoNewPrivs:\t1",
      "Seccomp:\t2",
  };
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    if (must_have(status, lines[i]) < 0) return -1;
  }
  return 0;
}

static int must_share(pid_t pid, const char *name, pid_t with, const char *its_name) {
  char path[64], one[64], other[64];
  snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, name);
  ssize_t length = readlink(path, one, sizeof one);
  snprintf(path, sizeof path, "/proc/%d/ns/%s", with, its_name);
  ssize_t length_of_other = readlink(path, other, sizeof other);
  errno = EPERM;
  if (length <= 0 || length != length_of_other || memcmp(one, other, (size_t)length) != 0) {
    return fail("fork-namespace", name);
  }
  return 0;
}

/* Who says that it stands still, and where it has the namespaces; its number is the kernel's word. */
static pid_t hear(int socket, struct fork_ready *ready) {
  struct iovec part = {ready, sizeof *ready};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(struct ucred))];
  } control;
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  struct pollfd waiting = {socket, POLLIN, 0};
  errno = ETIMEDOUT;
  if (poll(&waiting, 1, READY_MILLISECONDS) != 1) return fail("fork-ready", "");
  ssize_t length = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  struct cmsghdr *attached = length > 0 ? CMSG_FIRSTHDR(&message) : NULL;
  struct ucred sender;
  errno = EINVAL;
  if (length != (ssize_t)part.iov_len || !attached || attached->cmsg_level != SOL_SOCKET ||
      attached->cmsg_type != SCM_CREDENTIALS) {
    return fail("fork-ready", "message");
  }
  memcpy(&sender, CMSG_DATA(attached), sizeof sender);
  return sender.pid > 1 ? sender.pid : fail("fork-ready", "pid");
}

/* Until it is in the call in which it stands still; from there it goes nowhere by itself. */
static int await_stillness(void) {
  const struct timespec moment = {0, 20000};
  char path[64], text[64], wanted[16];
  snprintf(path, sizeof path, "/proc/%d/syscall", patient.pid);
  snprintf(wanted, sizeof wanted, "%d ", SYS_ppoll);
  for (int i = 0; i < STILL_ATTEMPTS; i++) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail("open", path);
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length < 0) return fail("read", path);
    text[length] = 0;
    if (strncmp(text, wanted, strlen(wanted)) == 0) return 0;
    nanosleep(&moment, NULL);
  }
  errno = ETIMEDOUT;
  return fail("fork-still", "");
}

static int await(int stop) {
  int status;
  if (waitpid(patient.pid, &status, __WALL) != patient.pid) return fail("fork-wait", "");
  errno = ECHILD;
  if (!WIFSTOPPED(status)) return fail("fork-wait", "ended");
  if (stop == PTRACE_EVENT_STOP ? status >> 16 != stop : WSTOPSIG(status) != stop) {
    return fail("fork-wait", "stop");
  }
  return 0;
}

static int set_registers(registers *to) {
  struct iovec part = {to, sizeof *to};
  if (ptrace(PTRACE_SETREGSET, patient.pid, (void *)NT_PRSTATUS, &part) < 0) {
    return fail("fork-registers", "");
  }
  return 0;
}

static int go_on_to(unsigned operation, struct __ptrace_syscall_info *info) {
  if (ptrace(PTRACE_SYSCALL, patient.pid, NULL, NULL) < 0) return fail("fork-call", "");
  if (await(STOP_OF_CALL) < 0) return -1;
  memset(info, 0, sizeof *info);
  errno = EINVAL;
  if (ptrace((enum __ptrace_request)PTRACE_GET_SYSCALL_INFO, patient.pid, sizeof *info, info) <= 0 ||
      info->op != operation || info->arch != ARCH) {
    return fail("fork-call", "information");
  }
  return 0;
}

/* Has it make one call; what else it might do instead is not made. Returns the call's result. */
static int64_t make_call(long number, uint64_t first, uint64_t second, uint64_t third) {
  const uint64_t arguments[6] = {first, second, third, 0, 0, 0};
  struct __ptrace_syscall_info info;
  registers told = patient.before;
  set_call(&told, number, arguments);
  *pc_of(&told) = patient.instruction;
  if (set_registers(&told) < 0 || go_on_to(PTRACE_SYSCALL_INFO_ENTRY, &info) < 0) return NOT_MADE;
  if (info.entry.nr != (uint64_t)number ||
      memcmp(info.entry.args, arguments, sizeof arguments) != 0) {
    errno = EPERM;
    fail("fork-call", "another");
    return NOT_MADE;
  }
  if (go_on_to(PTRACE_SYSCALL_INFO_EXIT, &info) < 0) return NOT_MADE;
  return info.exit.rval;
}

static int must_call(const char *step, long number, uint64_t first, uint64_t second,
                     uint64_t third) {
  int64_t result = make_call(number, first, second, third);
  if (result >= 0) return 0;
  if (result == NOT_MADE) return -1;
  errno = (int)-result;
  return fail(step, "");
}

/* Where it stands still, it has just made a call. */
static int find_instruction(void) {
  struct iovec part = {&patient.before, sizeof patient.before};
  if (ptrace(PTRACE_GETREGSET, patient.pid, (void *)NT_PRSTATUS, &part) < 0) {
    return fail("fork-registers", "");
  }
  const uint64_t at = *pc_of(&patient.before);
  for (uint64_t back = 0; back <= INSTRUCTION_BYTES; back += INSTRUCTION_BYTES) {
    errno = 0;
    long text = ptrace(PTRACE_PEEKTEXT, patient.pid, (void *)(at - back), NULL);
    if (errno == 0 && is_call(text)) {
      patient.instruction = at - back;
      return 0;
    }
  }
  errno = EINVAL;
  return fail("fork-registers", "instruction");
}

/* It stands still from here on; nothing is known of it but that it was of the template. */
static int take_hold(const struct operation *of) {
  char status[8192];
  if (await_stillness() < 0) return -1;
  const long suspended = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_SUSPEND_SECCOMP;
  /* Not yet with what would end it with this process: the number could be another's by now. */
  if (ptrace(PTRACE_SEIZE, patient.pid, NULL, NULL) < 0) {
    return fail("fork-seize", "");
  }
  if (ptrace(PTRACE_INTERRUPT, patient.pid, NULL, NULL) < 0) return fail("fork-interrupt", "");
  if (await(PTRACE_EVENT_STOP) < 0) return -1;
  /* It must be one of the template's programs. */
  if (read_status(patient.pid, status, sizeof status) < 0 ||
      must_have_ids(status, of->owner_before) < 0 || must_have_no_power(status) < 0 ||
      must_have(status, "Threads:\t1") < 0 ||
      must_share(patient.pid, "user", of->template, "user") < 0) {
    return -1;
  }
  if (ptrace(PTRACE_SETOPTIONS, patient.pid, NULL, (void *)suspended) < 0) {
    return fail("fork-suspend", "");
  }
  return find_instruction();
}

/* The group first, so that what is allocated from here on counts as the sandbox's. */
static int join_groups(const struct operation *of) {
  char text[16];
  int length = snprintf(text, sizeof text, "%d", patient.pid);
  for (uint32_t i = 0; i < of->group_count; i++) {
    if (write(of->groups[i], text, (size_t)length) != length) return fail("join-cgroup", "");
  }
  return 0;
}

/* With all power over the sandbox's namespaces in between, of which nothing is left at the end. */
static int move(const struct fork_ready *ready) {
  for (int i = 0; i < SERVED_NAMESPACE_COUNT; i++) {
    const uint64_t descriptor = (uint32_t)ready->namespaces[i];
    if (must_call("setns", SYS_setns, descriptor, (uint64_t)namespace_kinds[i], 0) < 0) return -1;
  }
  if (must_call("setgroups", SYS_setgroups, 0, 0, 0) < 0) return -1;
  if (must_call("setresgid", SYS_setresgid, FUNCTION_GID, FUNCTION_GID, FUNCTION_GID) < 0) return -1;
  if (must_call("setresuid", SYS_setresuid, 0, 0, 0) < 0) return -1;
  for (uint64_t capability = 0; capability < 64; capability++) {
    int64_t result = make_call(SYS_prctl, PR_CAPBSET_DROP, capability, 0);
    if (result == -EINVAL && capability > CAP_AUDIT_READ) break; /* past the kernel's last */
    if (result == NOT_MADE) return -1;
    errno = (int)-result;
    if (result < 0) return fail("drop-capabilities", "");
  }
  /* Leaving user 0 empties all capability sets. */
  return must_call("setresuid", SYS_setresuid, FUNCTION_UID, FUNCTION_UID, FUNCTION_UID);
}

static int look_at_result(const struct operation *of) {
  char status[8192];
  if (read_status(patient.pid, status, sizeof status) < 0 ||
      must_have_ids(status, of->owner) < 0 || must_have_no_power(status) < 0 ||
      must_have(status, "Groups:\t ") < 0) {
    return -1;
  }
  for (int i = 0; i < SERVED_NAMESPACE_COUNT; i++) {
    const char *name = namespaces[i];
    const char *own = strcmp(name, "pid") == 0 ? "pid_for_children" : name;
    if (must_share(patient.pid, own, of->first, name) < 0) return -1;
  }
  return 0;
}

/* By itself, from the call in which it stood still, as if that had given 0. */
static int let_go(void) {
  registers after = patient.before;
  *pc_of(&after) = patient.instruction + INSTRUCTION_BYTES;
  set_result(&after);
  if (set_registers(&after) < 0) return -1;
  if (ptrace(PTRACE_DETACH, patient.pid, NULL, NULL) < 0) return fail("fork-detach", "");
  return 0;
}

static int operate(const struct operation *of) {
  struct fork_ready ready;
  alarm(OPERATION_SECONDS); /* ends this process, and with it the other */
  patient.pid = hear(of->socket, &ready);
  if (patient.pid < 0) return -1;
  if (take_hold(of) < 0 || join_groups(of) < 0 || move(&ready) < 0 || look_at_result(of) < 0) {
    return -1;
  }
  return let_go();
}

/* Tells the one that waits for it what went wrong, if that is still there. */
static void tell(int socket) {
  struct fork_answer why = {.error = failure.error};
  snprintf(why.step, sizeof why.step, "%s", failure.step);
  send(socket, &why, sizeof why, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Nothing else of the launcher's stays open here, for others would wait in vain for its end. */
static int keep_own(struct operation *of) {
  int *const kept[] = {&of->socket,    &of->groups[0], &of->groups[1], &of->groups[2],
                       &of->groups[3], &of->groups[4], &of->groups[5], &of->groups[6],
                       &of->groups[7]};
  const int count = 1 + (int)of->group_count;
  /* First out of the way of the places that they will take. */
  for (int i = 0; i < count; i++) {
    *kept[i] = fcntl(*kept[i], F_DUPFD_CLOEXEC, FIRST_KEPT + count);
    if (*kept[i] < 0) return fail("dup", "");
  }
  for (int i = 0; i < count; i++) {
    if (dup3(*kept[i], FIRST_KEPT + i, O_CLOEXEC) < 0) return fail("dup", "");
    *kept[i] = FIRST_KEPT + i;
  }
  return sys_close_range((unsigned)(FIRST_KEPT + count), ~0U) < 0 ? fail("close", "") : 0;
}

pid_t start_operation(const struct operation *of) {
  pid_t launcher_pid = getpid();
  pid_t pid = fork();
  if (pid < 0) return fail("fork", "operation");
  if (pid > 0) return pid;
  sigset_t none;
  sigemptyset(&none);
  signal(SIGALRM, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != launcher_pid) _exit(1);
  struct operation own = *of;
  if (keep_own(&own) < 0) _exit(1);
  if (operate(&own) == 0) _exit(0);
  tell(own.socket);
  _exit(1);
}
