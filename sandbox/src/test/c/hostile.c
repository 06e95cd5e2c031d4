/*
 * Things that a hostile function tries: hostile ATTEMPT [ARGUMENT]. Prints BREACH if it succeeds,
 * else the reason why it did not. "listen-abstract" is the victim, run on the host.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "served.h"

static int refused(const char *what) {
  printf("refused: %s: %s\n", what, strerror(errno));
  return 0;
}

static int breach(const char *what) {
  printf("BREACH: %s\n", what);
  return 1;
}

static int verdict(const char *what, long result) {
  return result < 0 ? refused(what) : breach(what);
}

static socklen_t abstract_name(struct sockaddr_un *address, const char *name) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "%s", name);
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
}

static int listen_abstract(const char *name) {
  struct sockaddr_un address;
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  socklen_t length = abstract_name(&address, name);
  if (bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, 5) < 0) return 1;
  puts("listening");
  fflush(stdout);
  return (int)read(0, &address, 1); /* until the test ends */
}

static int connect_abstract(const char *name) {
  struct sockaddr_un address;
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  socklen_t length = abstract_name(&address, name);
  return verdict("connect", connect(fd, (struct sockaddr *)&address, length));
}

static int connect_path(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  return verdict("connect", connect(fd, (struct sockaddr *)&address, sizeof address));
}

static int connect_port(const char *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  return verdict("connect", connect(fd, (struct sockaddr *)&address, sizeof address));
}

static int reach_internet(const char *ip) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(53)};
  inet_pton(AF_INET, ip, &address.sin_addr);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  return verdict("connect", connect(fd, (struct sockaddr *)&address, sizeof address));
}

static int open_for(const char *path, int flags) {
  return verdict(path, open(path, flags | O_CLOEXEC, 0600));
}

static int read_path(const char *path) { return open_for(path, O_RDONLY); }

static int write_path(const char *path) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  return verdict(path, fd < 0 ? -1 : write(fd, "0 0 1\n", 6));
}

static int create_path(const char *path) { return open_for(path, O_WRONLY | O_CREAT); }
static int list_path(const char *path) { return verdict(path, opendir(path) ? 0 : -1); }

/* Every descriptor that it did not open itself but 0, 1 and 2. */
static int inherited_descriptors(const char *unused) {
  (void)unused;
  for (int fd = 3; fd < 4096; fd++) {
    if (fcntl(fd, F_GETFD) >= 0) return breach("an inherited descriptor");
  }
  errno = EBADF;
  return refused("descriptors");
}

/* Whether the output, which it may open again, leads anywhere else. */
static int output_is_pipe(const char *unused) {
  struct stat status;
  (void)unused;
  if (fstat(1, &status) < 0 || !S_ISFIFO(status.st_mode)) return breach("output is no pipe");
  return refused("output");
}

/* Nothing in /proc may be a process that is not its own. */
static int see_processes(const char *unused) {
  (void)unused;
  DIR *proc = opendir("/proc");
  for (struct dirent *entry; (entry = readdir(proc));) {
    struct stat status;
    char path[300];
    snprintf(path, sizeof path, "/proc/%s", entry->d_name);
    if (atoi(entry->d_name) > 0 && stat(path, &status) == 0 && status.st_uid != getuid()) {
      return breach(path);
    }
  }
  errno = ENOENT;
  return refused("processes");
}

static int kill_everybody(const char *unused) {
  (void)unused;
  kill(1, SIGKILL);
  kill(1, SIGSTOP);
  pid_t pid = fork();
  if (pid == 0) {
    setpgid(0, 0);
    kill(-1, SIGKILL); /* all that it may reach, this process too */
    _exit(0);
  }
  int status;
  if (waitpid(pid, &status, 0) < 0) return 1;
  return 0;
}

static int trace_first(const char *unused) {
  (void)unused;
  return verdict("ptrace", ptrace(PTRACE_SEIZE, 1, 0, 0));
}

static int write_memory_of_first(const char *unused) {
  (void)unused;
  return write_path("/proc/1/mem");
}

static int enter_namespace_of_first(const char *unused) {
  (void)unused;
  int fd = open("/proc/1/ns/mnt", O_RDONLY);
  if (fd < 0) return refused("open");
  return verdict("setns", setns(fd, 0));
}

static int enter_pidfd_of_first(const char *unused) {
  (void)unused;
  int fd = (int)syscall(SYS_pidfd_open, 1, 0);
  if (fd < 0) return refused("pidfd_open");
  return verdict("setns", setns(fd, CLONE_NEWNS));
}

static int new_user_namespace(const char *unused) {
  (void)unused;
  return verdict("unshare", unshare(CLONE_NEWUSER | CLONE_NEWNS));
}

static int mount_tmpfs(const char *unused) {
  (void)unused;
  return verdict("mount", mount("x", "/tmp", "tmpfs", 0, NULL));
}

static int remount_writable(const char *path) {
  return verdict("mount", mount(NULL, path, NULL, MS_REMOUNT | MS_BIND, NULL));
}

static int unmount(const char *path) { return verdict("umount", umount2(path, MNT_DETACH)); }

static int make_device(const char *unused) {
  (void)unused;
  return verdict("mknod", mknod("/tmp/disk", S_IFBLK | 0666, makedev(254, 0)));
}

static int load_module(const char *unused) {
  (void)unused;
  return verdict("init_module", syscall(SYS_init_module, "", 0UL, ""));
}

static int become_root(const char *unused) {
  (void)unused;
  if (setuid(0) < 0 && setresuid(0, 0, 0) < 0 && setgid(0) < 0) return refused("setuid");
  return breach("setuid");
}

static int change_groups(const char *unused) {
  const gid_t groups[] = {0, 6};
  (void)unused;
  return verdict("setgroups", syscall(SYS_setgroups, 2, groups));
}

static int chroot_escape(const char *unused) {
  (void)unused;
  mkdir("/tmp/jail", 0755);
  return verdict("chroot", chroot("/tmp/jail"));
}

static int raise_limits(const char *unused) {
  const struct rlimit files = {1 << 20, 1 << 20};
  (void)unused;
  return verdict("setrlimit", setrlimit(RLIMIT_NOFILE, &files));
}

/* With a limit of 0 a crash would start the host's core dump program. */
static int dump_core_into_host(const char *unused) {
  const struct rlimit zero = {0, 0};
  struct rlimit core;
  (void)unused;
  syscall(SYS_prlimit64, 0, RLIMIT_CORE, &zero, NULL);
#if defined(SYS_setrlimit)
  syscall(SYS_setrlimit, RLIMIT_CORE, &zero);
#endif
  getrlimit(RLIMIT_CORE, &core);
  errno = EPERM;
  return core.rlim_cur == 1 && core.rlim_max == 1 ? refused("setrlimit") : breach("core limit");
}

static int raise_priority(const char *unused) {
  (void)unused;
  return verdict("setpriority", setpriority(PRIO_PROCESS, 0, -20));
}

static int real_time(const char *unused) {
  const struct sched_param top = {.sched_priority = 99};
  (void)unused;
  return verdict("sched_setscheduler", sched_setscheduler(0, SCHED_FIFO, &top));
}

static int gain_by_setuid_program(const char *unused) {
  (void)unused;
  if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return breach("privileges can be gained");
  errno = EPERM;
  return refused("no_new_privs");
}

static int open_by_handle(const char *unused) {
  struct {
    struct file_handle handle;
    unsigned char bytes[8];
  } root = {.handle = {.handle_bytes = 8, .handle_type = 1}, .bytes = {2}};
  (void)unused;
  int fd = open("/tmp", O_RDONLY);
  return verdict("open_by_handle_at", open_by_handle_at(fd, &root.handle, O_RDONLY));
}

static int keyring(const char *unused) {
  (void)unused;
  return verdict("keyctl", syscall(SYS_keyctl, 0, -3 /* of the session */, 1));
}

static int open_family(const char *number) {
  return verdict("socket", socket(atoi(number), SOCK_RAW, 0));
}

static int netlink(const char *protocol) {
  return verdict("socket", socket(AF_NETLINK, SOCK_RAW, atoi(protocol)));
}

static int rename_host(const char *unused) {
  (void)unused;
  return verdict("rename", sethostname("owned", 5));
}

static int lock_much_memory(const char *unused) {
  (void)unused;
  void *memory = mmap(NULL, 1UL << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return verdict("mlock", mlock(memory, 1UL << 30));
}

/* Where the stack lies, which forks of one program have in common. */
static int stack_address(const char *unused) {
  printf("%p\n", (void *)__builtin_frame_address(0));
  (void)unused;
  return 0;
}

static int end_with(const char *code) { return atoi(code); }

static int be_killed(const char *number) {
  raise(atoi(number));
  pause();
  return 1;
}

/* As the program of a template: enters the sandbox, and leaves a dead process there. */
static int hold_dead(const char *unused) {
  struct fork_request request;
  struct iovec data = {&request, sizeof request};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(32 * sizeof(int))];
  } control;
  struct msghdr message = {
      .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  (void)unused;
  if (recvmsg(SERVE_FD, &message, 0) < (ssize_t)sizeof request) return 1;
  const int *fds = (const int *)(void *)CMSG_DATA(CMSG_FIRSTHDR(&message));
  if (fork() == 0) {
    if (setns(fds[1], CLONE_NEWUSER) == 0 && setns(fds[3], CLONE_NEWPID) == 0 && fork() == 0) {
      _exit(0);
    }
    for (;;) pause();
  }
  struct fork_answer answer = {request.request, request.shell, 2, 0, ""};
  const size_t count = (CMSG_FIRSTHDR(&message)->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  if (write(fds[count - 1], &answer, sizeof answer) < 0) return 1;
  for (;;) pause();
}

/* A request to fork, and what came with it. */
static struct fork_request asked;
static int given[32];
static size_t given_count;

static int be_asked(int flags) {
  static char argument[SERVED_ARGUMENT_MAX];
  struct iovec parts[] = {{&asked, sizeof asked}, {argument, sizeof argument}};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(32 * sizeof(int))];
  } control;
  struct msghdr message = {
      .msg_iov = parts, .msg_iovlen = 2, .msg_control = &control, .msg_controllen = sizeof control};
  if (recvmsg(SERVE_FD, &message, flags) < (ssize_t)sizeof asked) return -1;
  struct cmsghdr *first = CMSG_FIRSTHDR(&message);
  given_count = (first->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  memcpy(given, CMSG_DATA(first), given_count * sizeof(int));
  return 0;
}

static const int given_kinds[SERVED_NAMESPACE_COUNT] = {
    CLONE_NEWUSER, CLONE_NEWCGROUP, CLONE_NEWPID, CLONE_NEWNS,
    CLONE_NEWNET,  CLONE_NEWIPC,    CLONE_NEWUTS,
};

static int refuse_fork(void) {
  struct fork_answer no = {asked.request, asked.shell, 0, EPERM, "hostile"};
  fflush(stdout);
  return write(given[given_count - 1], &no, sizeof no) < 0;
}

/* As the program of a guarded template: enters the sandbox by itself. */
static int invade(const char *unused) {
  (void)unused;
  if (be_asked(0) < 0) return 1;
  for (int i = 0; i < SERVED_NAMESPACE_COUNT; i++) {
    verdict("setns", setns(given[1 + i], given_kinds[i]));
  }
  return refuse_fork();
}

/* The same: hands the launcher a socket for whose close one may have to wait. */
static int pass_socket(const char *unused) {
  const struct linger ages = {1, 1000000};
  char byte = 0;
  struct iovec data = {&byte, 1};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
  struct msghdr message = {
      .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  int inet = socket(AF_INET, SOCK_STREAM, 0);
  (void)unused;
  if (inet < 0 || setsockopt(inet, SOL_SOCKET, SO_LINGER, &ages, sizeof ages) < 0) return 1;
  memcpy(CMSG_DATA(&control.header), &inet, sizeof inet);
  verdict("send", (int)sendmsg(SERVE_FD, &message, MSG_NOSIGNAL));
  verdict("plain", (int)send(SERVE_FD, &byte, 1, MSG_NOSIGNAL));
  return be_asked(0) < 0 ? 1 : refuse_fork();
}

/* The same: looks into all processes that come into being near it, until it is asked to fork. */
static int watch_births(const char *unused) {
  static const struct {
    const char *name;
    int flags;
  } parts[] = {{"mem", O_RDWR}, {"fd", O_RDONLY}, {"ns/user", O_RDONLY}, {"root/proc", O_PATH},
               {"cwd/proc", O_PATH}, {"environ", O_RDONLY}, {"uid_map", O_WRONLY},
               {"projid_map", O_WRONLY}, {"exe", O_RDONLY}, {"maps", O_RDONLY}};
  static char known[400];
  int seen = 0;
  (void)unused;
  for (int pid = 1; pid < 400; pid++) known[pid] = pid > 1 && kill(pid, 0) == 0;
  while (be_asked(MSG_DONTWAIT) < 0) {
    for (int pid = 1; pid < 400; pid++) {
      char path[64], byte;
      if (known[pid] || (kill(pid, 0) < 0 && errno != EPERM)) continue;
      seen++;
      for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        snprintf(path, sizeof path, "/proc/%d/%s", pid, parts[i].name);
        int fd = open(path, parts[i].flags);
        if (fd < 0) continue;
        /* Some can be opened by everybody, but not read. */
        if (strcmp(parts[i].name, "maps") != 0 || read(fd, &byte, 1) > 0) breach(path);
        close(fd);
      }
    }
  }
  errno = EACCES;
  refused(seen > 0 ? "seen" : "nothing");
  return refuse_fork();
}

/* The same: does not stand still while it is moved, and tries to make more of it. */
static int restless(const char *unused) {
  struct fork_ready ready;
  (void)unused;
  if (be_asked(0) < 0) return 1;
  for (int i = 0; i < SERVED_NAMESPACE_COUNT; i++) ready.namespaces[i] = given[1 + i];
  pid_t child = fork();
  if (child == 0) {
    if (send(given[1 + SERVED_NAMESPACE_COUNT], &ready, sizeof ready, 0) < 0) _exit(1);
    const struct timespec moment = {0, 100000};
    struct fork_answer word;
    do {
      syscall(SYS_ppoll, NULL, 0UL, &moment, NULL, 0UL);
      syscall(SYS_setns, given[1], CLONE_NEWUSER);
    } while (recv(given[1 + SERVED_NAMESPACE_COUNT], &word, sizeof word, MSG_DONTWAIT) < 0);
    /* Whoever moves it has ended; all power is to be gone by now, if it was not killed. */
    verdict("setns", setns(given[2], CLONE_NEWCGROUP));
    verdict("setuid", setuid(0));
    verdict("mount", mount("x", "/tmp", "tmpfs", 0, NULL));
    verdict("rename", sethostname("owned", 5));
    verdict("raw", socket(AF_INET, SOCK_RAW, 1));
    fflush(stdout);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  return refuse_fork();
}

/* The same: names namespaces of its own as those that it is to be moved to. */
static int astray(const char *place) {
  static const char *const names[] = SERVED_NAMESPACES;
  struct fork_ready ready;
  int status;
  int wrong = atoi(place);
  char path[64];
  if (be_asked(0) < 0) return 1;
  for (int i = 0; i < SERVED_NAMESPACE_COUNT; i++) ready.namespaces[i] = given[1 + i];
  snprintf(path, sizeof path, "/proc/self/ns/%s", names[wrong]);
  ready.namespaces[wrong] = open(path, O_RDONLY);
  pid_t child = fork();
  if (child == 0) {
    if (send(given[1 + SERVED_NAMESPACE_COUNT], &ready, sizeof ready, 0) < 0) _exit(1);
    syscall(SYS_ppoll, NULL, 0UL, NULL, NULL, 0UL);
    breach("moved");
    fflush(stdout);
    _exit(0);
  }
  waitpid(child, &status, 0);
  printf("ended by %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
  return refuse_fork();
}

static int many_files(const char *unused) {
  int opened = 0;
  (void)unused;
  while (open("/dev/null", O_RDONLY) >= 0) opened++;
  if (opened > 1024) return breach("more than 1,024 files");
  return refused("files");
}

static const struct {
  const char *name;
  int (*attempt)(const char *argument);
} attempts[] = {
    {"listen-abstract", listen_abstract},
    {"connect-abstract", connect_abstract},
    {"connect-path", connect_path},
    {"connect-port", connect_port},
    {"reach-internet", reach_internet},
    {"read", read_path},
    {"write", write_path},
    {"create", create_path},
    {"list", list_path},
    {"inherited-descriptors", inherited_descriptors},
    {"output-is-pipe", output_is_pipe},
    {"see-processes", see_processes},
    {"kill-everybody", kill_everybody},
    {"trace-first", trace_first},
    {"write-memory-of-first", write_memory_of_first},
    {"enter-namespace-of-first", enter_namespace_of_first},
    {"enter-pidfd-of-first", enter_pidfd_of_first},
    {"new-user-namespace", new_user_namespace},
    {"mount-tmpfs", mount_tmpfs},
    {"remount-writable", remount_writable},
    {"unmount", unmount},
    {"make-device", make_device},
    {"load-module", load_module},
    {"become-root", become_root},
    {"change-groups", change_groups},
    {"chroot-escape", chroot_escape},
    {"raise-limits", raise_limits},
    {"dump-core-into-host", dump_core_into_host},
    {"raise-priority", raise_priority},
    {"real-time", real_time},
    {"gain-by-setuid-program", gain_by_setuid_program},
    {"open-by-handle", open_by_handle},
    {"keyring", keyring},
    {"open-family", open_family},
    {"netlink", netlink},
    {"set-hostname", rename_host},
    {"lock-much-memory", lock_much_memory},
    {"many-files", many_files},
    {"stack-address", stack_address},
    {"hold-dead", hold_dead},
    {"invade", invade},
    {"pass-socket", pass_socket},
    {"watch-births", watch_births},
    {"restless", restless},
    {"astray", astray},
    {"end-with", end_with},
    {"be-killed", be_killed},
};

int main(int argc, char **argv) {
  become_fork(&argc, &argv);
  for (size_t i = 0; argc > 1 && i < sizeof attempts / sizeof attempts[0]; i++) {
    if (strcmp(attempts[i].name, argv[1]) == 0) return attempts[i].attempt(argc > 2 ? argv[2] : "");
  }
  fprintf(stderr, "unknown attempt\n");
  return 2;
}
