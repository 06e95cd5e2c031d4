/*
 * The first process of a shell: sets the sandbox up, then starts and reaps the programs in it.
 *
 * It is a copy of the launcher, not an executed program, which spares an exec. Everything that
 * programs inherit (filter, limits, empty capability sets but two) it applies to itself once, so
 * that a start is a fork, a change of user and an exec.
 */
#include "launcher.h"
#include "forking/serve.h"

#include <grp.h>
#include <linux/capability.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Descriptors of the first process; programs get 0, 1 and 2, and SERVE_FD if they serve forks. */
enum { CONTROL_FD = 3, TMP_FD = 4, IMAGE_FD = 5, CHILD_SIGNAL_FD = 6, FIRST_FREE_FD = 7 };

enum { PROCESSES_MAX = 64, ARGUMENTS_MAX = 4096, ENVIRONMENT_MAX = 4096, OPEN_FILES = 1024 };

/* The programs that were started and have not ended. */
static struct program {
  pid_t pid; /* 0: free */
  uint32_t process;
} programs[PROCESSES_MAX];

static unsigned char message[MESSAGE_MAX];

/* The socket to the launcher: CONTROL_FD as soon as the launcher's descriptors are closed. */
static int control_fd;

/* Where a start failed; shared with the child until it executes. */
struct start_failure {
  volatile int error; /* 0: none */
  volatile char in_chdir;
  volatile char in_exec;
};
static struct start_failure *start_failure;


/* ---- set-up, in the order of the steps ---- */

static int join_cgroups(const struct plan *plan) {
  if (plan->cgroup_version == 1) {
    /* "0" is the writer; whether it may is decided by who opened the file. */
    for (uint32_t i = 0; i < plan->cgroup_count; i++) {
      if (write(plan->cgroups[i], "0", 1) != 1) return fail("join-cgroup", "");
    }
  }
  if (unshare(CLONE_NEWCGROUP) < 0) return fail("unshare-cgroup", "");
  return 0;
}

/* Keeps only what is needed of the launcher's descriptors; -1 for those that there are not. */
static int keep_descriptors(int control, int tmp_mount, int image) {
  int kept[] = {control, tmp_mount, image};
  const int places[] = {CONTROL_FD, TMP_FD, IMAGE_FD};
  /* First out of the way of the places that they will take. */
  for (int i = 0; i < 3; i++) {
    if (kept[i] < 0) continue;
    kept[i] = fcntl(kept[i], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    if (kept[i] < 0) return fail("dup", "");
  }
  for (int i = 0; i < 3; i++) {
    if (kept[i] < 0) {
      close(places[i]);
    } else if (dup3(kept[i], places[i], O_CLOEXEC) < 0) {
      return fail("dup", "");
    }
    if (i == 0) control_fd = CONTROL_FD;
  }
  if (sys_close_range(IMAGE_FD + 1, ~0U) < 0) return fail("close", "");
  return 0;
}

int raise_loopback(void) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail("socket", "lo");
  struct ifreq request;
  memset(&request, 0, sizeof request);
  memcpy(request.ifr_name, "lo", 3);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  int result = ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? fail("loopback", "lo") : 0;
  close(fd);
  return result;
}

static int limit_resources(void) {
  const struct rlimit files = {OPEN_FILES, OPEN_FILES};
  /* Not 0, with which the host's core dump program would still be run; see filter.c. */
  const struct rlimit core = {1, 1};
  if (setrlimit(RLIMIT_NOFILE, &files) < 0) return fail("limit-files", "");
  if (setrlimit(RLIMIT_CORE, &core) < 0) return fail("limit-core", "");
  return 0;
}

static int raise_oom_score(void) {
  /* When the whole host runs out of memory, functions go before the server. */
  return write_file("/proc/self/oom_score_adj", "300") < 0 ? fail("oom-score", "") : 0;
}

/* The launcher writes the id maps: this process has no more power over its parent's ids. */
static int enter_user_namespace(void) {
  if (unshare(CLONE_NEWUSER) < 0) return fail("unshare-user", "");
  struct header header = {MAP_IDS, 0, 0};
  if (send_message(CONTROL_FD, &header, sizeof header, -1) < 0) return fail("send", "map-ids");
  int fd;
  ssize_t length = receive_message(CONTROL_FD, WAIT, &header, sizeof header, &fd);
  if (length == 0) _exit(0);
  if (length != (ssize_t)sizeof header || header.type != IDS_MAPPED) return fail("map-ids", "");
  return 0;
}

static int drop_privileges(const struct plan *plan) {
  if (setgroups(0, NULL) < 0) return fail("setgroups", "");
  if (setresgid(FUNCTION_GID, FUNCTION_GID, FUNCTION_GID) < 0) return fail("setresgid", "");
  if (setresuid(0, 0, 0) < 0) return fail("setresuid", "");
  for (unsigned long capability = 0; capability < 64; capability++) {
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) {
      if (errno == EINVAL && capability > CAP_AUDIT_READ) break; /* past the kernel's last */
      return fail("drop-capabilities", "");
    }
  }
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  const uint32_t kept = 1U << CAP_SETUID | 1U << CAP_KILL;
  struct __user_cap_data_struct sets[2] = {{kept, kept, 0}, {0, 0, 0}};
  if (syscall(SYS_capset, &header, sets) < 0) return fail("capset", "");
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) return fail("ambient", "");
  /* Only now: a change of user clears both. */
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) return fail("pdeathsig", "");
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) return fail("dumpable", "");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return fail("no-new-privs", "");
  start_failure =
      mmap(NULL, sizeof *start_failure, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (start_failure == MAP_FAILED) return fail("mmap", "");
  return install_filter(plan->guarded ? PLAIN : plan->kind);
}

static int watch_children(void) {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  if (sigprocmask(SIG_SETMASK, &children, NULL) < 0) return fail("sigprocmask", "");
  int fd = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) return fail("signalfd", "");
  if (fd != CHILD_SIGNAL_FD) {
    if (dup3(fd, CHILD_SIGNAL_FD, O_CLOEXEC) < 0) return fail("dup", "");
    close(fd);
  }
  return 0;
}

/*
 * Mounts what belongs to a shell from inside its pid namespace, whose first process has no power
 * over mounts. Runs in a process that was forked before the user namespace was entered; waits for
 * the descriptor of the first process.
 */
static void mount_for_first(const struct plan *plan, int socket) __attribute__((noreturn));
static void mount_for_first(const struct plan *plan, int socket) {
  char byte;
  int first;
  if (receive_message(socket, WAIT, &byte, 1, &first) != 1 || first < 0) _exit(1);
  if (setns(first, CLONE_NEWPID) < 0) _exit(1);
  pid_t inside = fork();
  if (inside == 0) {
    if (mount_own(plan->tmp_mount >= 0 ? TMP_FD : -1, plan->tmp_bytes, plan->host_id) < 0 ||
        (plan->image >= 0 && enter_image(IMAGE_FD) < 0)) {
      struct writer writer;
      put_failure(&writer, 0, 0);
      send_message(socket, writer.bytes, writer.length, -1);
      _exit(1);
    }
    _exit(0);
  }
  int status = 1;
  while (inside > 0 && waitpid(inside, &status, 0) < 0 && errno == EINTR) {
  }
  _exit(status == 0 ? 0 : 1);
}

/* The failure that the other side told of, if it did. */
static int take_failure(int socket) {
  struct header header;
  unsigned char told[sizeof(struct writer)];
  int fd;
  errno = ECHILD;
  ssize_t length = receive_message(socket, POLL, told, sizeof told, &fd);
  if (length < (ssize_t)sizeof header) return fail("mount-own", "");
  struct reader reader = read_after_header(told, (size_t)length);
  const char *step = strdup(take_text(&reader));
  errno = (int)take_u32(&reader);
  return fail(step ? step : "mount-own", take_text(&reader));
}

/*
 * Leaves the place of the first process to a child in a new pid namespace, which the user
 * namespace of the shell owns: only so can processes be restored with their numbers by somebody
 * with no more power than over this shell. Returns in the child.
 */
static int move_into_pid_namespace(int mounter_socket, pid_t mounter) {
  int ends[2];
  int first = -1;
  char go = 0;
  if (unshare(CLONE_NEWPID) < 0) return fail("unshare-pid", "");
  if (pipe2(ends, O_CLOEXEC) < 0) return fail("pipe", "");
  pid_t child = sys_clone(CLONE_PARENT, &first, -1);
  if (child < 0) return fail("clone", "");
  if (child == 0) {
    close(ends[1]);
    close(mounter_socket);
    if (read(ends[0], &go, 1) != 1) _exit(1);
    close(ends[0]);
    return raise_oom_score();
  }
  int status = 1;
  if (send_message(mounter_socket, &go, 1, first) < 0) return fail("send", "first");
  while (waitpid(mounter, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0) return take_failure(mounter_socket);
  struct writer writer;
  put_header(&writer, MOVED, 0, 0);
  put_u32(&writer, (uint32_t)child);
  if (send_message(CONTROL_FD, writer.bytes, writer.length, -1) < 0) return fail("send", "moved");
  if (write(ends[1], &go, 1) != 1) return fail("write", "go");
  _exit(0);
}

static int set_up_for_snapshots(const struct plan *plan) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) {
    return fail("socketpair", "");
  }
  pid_t mounter = fork();
  if (mounter < 0) return fail("fork", "");
  if (mounter == 0) {
    close(sockets[1]);
    mount_for_first(plan, sockets[0]);
  }
  close(sockets[0]);
  if (plan->tmp_mount >= 0) close(TMP_FD);
  if (plan->image >= 0) close(IMAGE_FD);
  if (raise_loopback() < 0) return -1;
  if (sethostname(plan->hostname, strlen(plan->hostname)) < 0) return fail("hostname", "");
  if (limit_resources() < 0) return -1;
  umask(022);
  if (enter_user_namespace() < 0) return -1;
  if (move_into_pid_namespace(sockets[1], mounter) < 0) return -1;
  if (watch_children() < 0) return -1;
  return drop_privileges(plan);
}

static int set_up(const struct plan *plan) {
  if (mount_own(plan->tmp_mount >= 0 ? TMP_FD : -1, plan->tmp_bytes, plan->host_id) < 0) return -1;
  if (plan->tmp_mount >= 0) close(TMP_FD);
  if (plan->image >= 0) {
    if (enter_image(IMAGE_FD) < 0) return -1;
    close(IMAGE_FD);
  }
  if (raise_loopback() < 0) return -1;
  if (sethostname(plan->hostname, strlen(plan->hostname)) < 0) return fail("hostname", "");
  if (raise_oom_score() < 0) return -1;
  if (limit_resources() < 0) return -1;
  umask(022);
  if (enter_user_namespace() < 0) return -1;
  if (watch_children() < 0) return -1;
  return drop_privileges(plan);
}

/*
 * In a forkable shell the launcher has made the mounts, in a namespace of the host's. The copy that
 * is taken here belongs to this user namespace, and in it no mount can be undone by itself.
 */
static int set_up_forkable(const struct plan *plan) {
  struct header header;
  int fd;
  ssize_t length = receive_message(CONTROL_FD, WAIT, &header, sizeof header, &fd);
  if (length == 0) _exit(0);
  if (length != (ssize_t)sizeof header || header.type != PREPARED) return fail("prepare", "");
  if (setgroups(0, NULL) < 0) return fail("setgroups", "");
  if (setresgid(0, 0, 0) < 0) return fail("setresgid", "");
  if (setresuid(0, 0, 0) < 0) return fail("setresuid", "");
  if (unshare(CLONE_NEWNS | CLONE_NEWCGROUP) < 0) return fail("unshare-mounts", "");
  if (raise_loopback() < 0) return -1;
  if (sethostname(plan->hostname, strlen(plan->hostname)) < 0) return fail("hostname", "");
  if (limit_resources() < 0) return -1;
  umask(022);
  if (watch_children() < 0) return -1;
  return drop_privileges(plan);
}

/* ---- starting programs ---- */

/* What a start needs. */
struct start {
  char *argv[ARGUMENTS_MAX + 1];
  char *environment[ENVIRONMENT_MAX + 1];
  char *directory;
  int output;
  int serve; /* the program's end of the connection that forks are asked for by, or -1 */
};

static void give_up(void) __attribute__((noreturn));
static void give_up(void) {
  start_failure->error = errno;
  _exit(127);
}

/* Runs in the child: nothing may follow that another program of the sandbox could steer. */
static void become_program(const struct start *start) {
  sigset_t none;
  sigemptyset(&none);
  int null = open("/dev/null", O_RDONLY);
  if (null < 0 || sigprocmask(SIG_SETMASK, &none, NULL) < 0) give_up();
  if (setsid() < 0 || dup2(null, 0) < 0) give_up();
  if (dup2(start->output, 1) < 0 || dup2(start->output, 2) < 0) give_up();
  if (start->serve >= 0 && dup2(start->serve, SERVE_FD) < 0) give_up();
  if (sys_close_range(start->serve >= 0 ? SERVE_FD + 1 : 3, ~0U) < 0) give_up();
  /* Leaving user 0 for good empties all capability sets. */
  if (setresuid(FUNCTION_UID, FUNCTION_UID, FUNCTION_UID) < 0) give_up();
  start_failure->in_chdir = 1;
  if (chdir(start->directory) < 0) give_up();
  start_failure->in_chdir = 0;
  start_failure->in_exec = 1;
  execve(start->argv[0], start->argv, start->environment);
  give_up();
}

static int start_program(struct program *program, uint32_t process, const struct start *start) {
  *start_failure = (struct start_failure){0, 0, 0};
  /* Stopped until the child executes or ends, but with memory of its own. */
  pid_t pid = (pid_t)syscall(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) become_program(start);
  if (pid < 0) return fail("fork", "");
  if (start_failure->error != 0) {
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
    errno = start_failure->error;
    if (start_failure->in_chdir) return fail("chdir", start->directory);
    return fail(start_failure->in_exec ? "exec" : "start", start->argv[0]);
  }
  program->pid = pid;
  program->process = process;
  return 0;
}

static struct program *find_program(pid_t pid) {
  for (int i = 0; i < PROCESSES_MAX; i++) {
    if (programs[i].pid == pid) return &programs[i];
  }
  return NULL;
}

/* Ends that came before it was known that the process is a program: a ring. */
enum { STRAYS_MAX = 64 };
static struct stray {
  pid_t pid;
  int status;
} strays[STRAYS_MAX];
static unsigned next_stray;

static void tell_end(struct program *program, int status);

/* A fork of the template's program was put in here, and may have ended already. */
static int take_in(struct reader *reader) {
  uint32_t process = take_u32(reader);
  pid_t pid = (pid_t)take_u32(reader);
  struct program *program = find_program(0);
  errno = EINVAL;
  if (reader->bad || pid <= 1 || !program) return fail("message", "take-in");
  program->pid = pid;
  program->process = process;
  for (unsigned i = 0; i < STRAYS_MAX; i++) {
    if (strays[i].pid == pid) {
      strays[i].pid = 0;
      tell_end(program, strays[i].status);
      return 0;
    }
  }
  return 0;
}

/* A child of this process has ended. */
static void ended(pid_t pid, int status) {
  struct program *program = find_program(pid);
  if (program) {
    tell_end(program, status);
  } else {
    strays[next_stray++ % STRAYS_MAX] = (struct stray){pid, status};
  }
}

/* *theirs becomes the launcher's end of the connection that forks are asked for by, if it serves. */
static int start_as_told(struct reader *reader, int output, int *theirs) {
  static struct start start;
  int sockets[2] = {-1, -1};
  uint32_t process = take_u32(reader);
  uint32_t serves = take_u32(reader);
  uint32_t arguments = take_texts(reader, start.argv, ARGUMENTS_MAX);
  take_texts(reader, start.environment, ENVIRONMENT_MAX);
  start.directory = take_text(reader);
  start.output = output;
  struct program *program = find_program(0);
  errno = EINVAL;
  if (reader->bad || arguments == 0 || output < 0) return fail("message", "start");
  errno = EAGAIN;
  if (!program) return fail("programs", "");
  if (serves && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) {
    return fail("socketpair", "");
  }
  /* It listens only: what it might send could hold descriptors. */
  if (serves && shutdown(sockets[0], SHUT_RD) < 0) {
    close(sockets[0]);
    close(sockets[1]);
    return fail("shutdown", "");
  }
  start.serve = sockets[1];
  int result = start_program(program, process, &start);
  if (serves) close(sockets[1]);
  *theirs = sockets[0];
  return result;
}

/* A program that was restored beside this process, and stopped, is one of its own from now on. */
static int adopt_as_told(struct reader *reader) {
  uint32_t process = take_u32(reader);
  pid_t pid = (pid_t)take_u32(reader);
  struct program *program = find_program(0);
  errno = EINVAL;
  if (reader->bad || pid <= 1) return fail("message", "adopt");
  errno = EAGAIN;
  if (!program) return fail("programs", "");
  if (waitpid(pid, NULL, WNOHANG | __WALL) != 0) return fail("restored-ended", "");
  program->pid = pid;
  program->process = process;
  return kill(-1, SIGCONT) < 0 ? fail("kill", "continue") : 0;
}

static int signal_as_told(struct reader *reader) {
  uint32_t process = take_u32(reader);
  uint32_t signal = take_u32(reader);
  errno = EINVAL;
  if (reader->bad || signal == 0 || signal > 64) return fail("message", "signal");
  for (int i = 0; i < PROCESSES_MAX; i++) {
    if (programs[i].pid > 0 && programs[i].process == process &&
        kill(programs[i].pid, (int)signal) < 0 && errno != ESRCH) {
      return fail("kill", "");
    }
  }
  return 0;
}

static void tell_end(struct program *program, int status) {
  struct writer writer;
  put_header(&writer, EXITED, 0, 0);
  put_u32(&writer, program->process);
  put_u32(&writer, WIFEXITED(status) ? (uint32_t)WEXITSTATUS(status) : 0);
  put_u32(&writer, WIFSIGNALED(status) ? (uint32_t)WTERMSIG(status) : 0);
  program->pid = 0;
  if (send_message(CONTROL_FD, writer.bytes, writer.length, -1) < 0) _exit(1);
}

/*
 * Ends all processes but this one. None escapes by a fork: the kernel refuses one to a process that
 * has a deadly signal, and whoever has lost its parent becomes a child of this process.
 */
static int end_all(void) {
  int status;
  if (kill(-1, SIGKILL) < 0 && errno != ESRCH) return fail("kill", "all");
  memset(strays, 0, sizeof strays);
  for (;;) {
    pid_t pid = waitpid(-1, &status, __WALL);
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) return errno == ECHILD ? 0 : fail("wait", "all");
    ended(pid, status);
  }
}

static void reply(int result, uint32_t request, int attached) {
  struct writer writer;
  if (result < 0) {
    put_failure(&writer, request, 0);
  } else {
    put_header(&writer, DONE, request, 0);
  }
  if (send_message(CONTROL_FD, writer.bytes, writer.length, attached) < 0) _exit(1);
}

static void obey(void) {
  int fd;
  int attached = -1;
  struct header header;
  ssize_t length = receive_message(CONTROL_FD, WAIT, message, sizeof message, &fd);
  if (length < (ssize_t)sizeof header) _exit(0); /* the launcher is gone */
  memcpy(&header, message, sizeof header);
  struct reader reader = read_after_header(message, (size_t)length);
  int result;
  if (header.type == START) {
    result = start_as_told(&reader, fd, &attached);
  } else if (header.type == SIGNAL) {
    result = signal_as_told(&reader);
  } else if (header.type == CLEAR) {
    result = end_all();
  } else if (header.type == ADOPT) {
    result = adopt_as_told(&reader);
  } else if (header.type == TAKE_IN) {
    result = take_in(&reader);
  } else {
    errno = EINVAL;
    result = fail("message", "type");
  }
  if (fd >= 0) close(fd);
  explicit_bzero(message, (size_t)length); /* environments carry secrets */
  if (header.type != TAKE_IN) reply(result, header.request, attached);
  if (attached >= 0) close(attached);
}

static void reap(void) {
  struct signalfd_siginfo ignored;
  while (read(CHILD_SIGNAL_FD, &ignored, sizeof ignored) > 0) {
  }
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0;) ended(pid, status);
}

static void serve_launcher(int set_up_result) __attribute__((noreturn));

void run_first_process(const struct plan *plan, int control) {
  control_fd = control;
  for (int i = 0; i < 4; i++) signal(ignored_signals[i], SIG_DFL);
  bool prepared = join_cgroups(plan) == 0 &&
                  keep_descriptors(control, plan->tmp_mount, plan->image) == 0 &&
                  (plan->snapshots ? set_up_for_snapshots(plan) : set_up(plan)) == 0;
  serve_launcher(prepared ? 0 : -1);
}

void run_forkable_first_process(const struct plan *plan, int control) {
  control_fd = control;
  for (int i = 0; i < 4; i++) signal(ignored_signals[i], SIG_DFL);
  bool prepared = keep_descriptors(control, -1, -1) == 0 && set_up_forkable(plan) == 0;
  serve_launcher(prepared ? 0 : -1);
}

static void serve_launcher(int set_up_result) {
  if (set_up_result < 0) {
    struct writer writer;
    put_failure(&writer, 0, 0);
    send_message(control_fd, writer.bytes, writer.length, -1);
    _exit(1);
  }
  struct header ready = {READY, 0, 0};
  if (send_message(CONTROL_FD, &ready, sizeof ready, -1) < 0) _exit(1);
  struct pollfd events[] = {{CONTROL_FD, POLLIN, 0}, {CHILD_SIGNAL_FD, POLLIN, 0}};
  for (;;) {
    if (poll(events, 2, -1) < 0 && errno != EINTR) _exit(1);
    if (events[1].revents) reap();
    if (events[0].revents) obey();
  }
}
