/*
 * Checkpoints a program of a shell to files, and restores one into a fresh shell, by criu.
 *
 * A job is a process of its own that enters the namespaces of the shell. The checkpoint is made
 * with the power of the launcher over a shell whose programs stand still and end with it. The
 * restore has no power but over its one shell: criu runs as the user 0 of the shell's user
 * namespace, in its cgroup. Restored programs are stopped, and looked at (restored.c) before the
 * first process of the shell lets them go on. criu finds its own files by descriptors, for the shell
 * sees none of them.
 *
 * The checkpoint was made from outside of the shell's user namespace and is restored from inside,
 * so the one number in criu's inventory that says so is made that of the program.
 */
#include "launcher.h"

#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

enum {
  PROBE_MILLISECONDS = 25000,
  CHECKPOINT_MILLISECONDS = 45000, /* all of it; the server waits for longer */
  RESTORE_MILLISECONDS = 10000,    /* AWS's limit */
  CRIU_PID = 20000, /* inside; far from those of programs, which begin with 2 */
  PIPE_FD = 3,
  IMAGES_FD = 4,
  TOOL_FD = 5,
  CACHE_FD = 6,
  KEPT_FD = 16, /* where a job's descriptors lie before they get their places */
  TREE_DEPTH = 32,
  LOG_TAIL = 65536,
  FIRST_STATUS_BEFORE_CRIU = 119, /* what ends so is this program, on its way to be criu */
  TOO_LATE = -1,
};

/* ---- the files of /tmp ---- */

struct copy {
  uint64_t left;  /* bytes that may still be copied */
  uid_t owner;    /* of what is made; (uid_t)-1 for the copier's own */
  int64_t end;    /* until then, in milliseconds of the monotonic clock */
};

static int copy_directory(int from, int to, struct copy *copy, int depth);

static int64_t milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int copy_range(int from, int to, off_t at, off_t end, struct copy *copy) {
  static char buffer[65536];
  errno = EFBIG;
  if ((uint64_t)(end - at) > copy->left) return fail("copy-tmp", "size");
  copy->left -= (uint64_t)(end - at);
  while (at < end) {
    errno = ETIMEDOUT;
    if (milliseconds() > copy->end) return fail("copy-tmp", "time");
    size_t wanted = end - at < (off_t)sizeof buffer ? (size_t)(end - at) : sizeof buffer;
    ssize_t length = pread(from, buffer, wanted, at);
    if (length <= 0) return fail("copy-tmp", "read");
    if (pwrite(to, buffer, (size_t)length, at) != length) return fail("copy-tmp", "write");
    at += length;
  }
  return 0;
}

static int copy_content(int from, int to, off_t size, struct copy *copy) {
  for (off_t at = 0; at < size;) {
    off_t data = lseek(from, at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;
    off_t hole = data < 0 ? -1 : lseek(from, data, SEEK_HOLE);
    if (hole < 0) return fail("copy-tmp", "seek");
    if (copy_range(from, to, data, hole < size ? hole : size, copy) < 0) return -1;
    at = hole;
  }
  return ftruncate(to, size) < 0 ? fail("copy-tmp", "truncate") : 0;
}

static int dress(int fd, const struct stat *status, const struct copy *copy) {
  const struct timespec times[2] = {status->st_atim, status->st_mtim};
  if (copy->owner != (uid_t)-1 && fchown(fd, copy->owner, copy->owner) < 0) {
    return fail("copy-tmp", "owner");
  }
  /* What is kept belongs to the host's root, whose power no function may give to a file. */
  const mode_t kept = copy->owner == (uid_t)-1 ? 01777 : 07777;
  if (fchmod(fd, status->st_mode & kept) < 0 || futimens(fd, times) < 0) {
    return fail("copy-tmp", "mode");
  }
  return 0;
}

static int copy_link(int from, int to, const char *name, const struct copy *copy) {
  char text[PATH_LENGTH * 8];
  ssize_t length = readlinkat(from, name, text, sizeof text - 1);
  if (length < 0) return fail("copy-tmp", "link");
  text[length] = 0;
  if (symlinkat(text, to, name) < 0) return fail("copy-tmp", "link");
  if (copy->owner != (uid_t)-1 &&
      fchownat(to, name, copy->owner, copy->owner, AT_SYMLINK_NOFOLLOW) < 0) {
    return fail("copy-tmp", "owner");
  }
  return 0;
}

static int copy_entry(int from, int to, const char *name, struct copy *copy, int depth) {
  struct stat status;
  if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) < 0) return fail("copy-tmp", "stat");
  errno = EFBIG;
  if (copy->left < 4096) return fail("copy-tmp", "size");
  errno = ETIMEDOUT;
  if (milliseconds() > copy->end) return fail("copy-tmp", "time");
  copy->left -= 4096; /* even an empty file costs something */
  if (S_ISLNK(status.st_mode)) return copy_link(from, to, name, copy);
  bool directory = S_ISDIR(status.st_mode);
  errno = ENOTSUP;
  if (!directory && !S_ISREG(status.st_mode)) return fail("copy-tmp", "special file");
  if (directory && mkdirat(to, name, 0700) < 0) return fail("copy-tmp", "mkdir");
  int flags = O_NOFOLLOW | O_CLOEXEC | (directory ? O_DIRECTORY : O_NONBLOCK);
  int source = openat(from, name, flags | O_RDONLY);
  int target = directory ? openat(to, name, flags | O_RDONLY)
                         : openat(to, name, flags | O_WRONLY | O_CREAT | O_EXCL, 0600);
  int result = source < 0 || target < 0 ? fail("copy-tmp", "open") : 0;
  if (result == 0) {
    result = directory ? copy_directory(source, target, copy, depth + 1)
                       : copy_content(source, target, status.st_size, copy);
  }
  if (result == 0) result = dress(target, &status, copy);
  if (source >= 0) close(source);
  if (target >= 0) close(target);
  return result;
}

static int copy_directory(int from, int to, struct copy *copy, int depth) {
  errno = ELOOP;
  if (depth > TREE_DEPTH) return fail("copy-tmp", "depth");
  int again = fcntl(from, F_DUPFD_CLOEXEC, 3);
  DIR *entries = again < 0 ? NULL : fdopendir(again);
  if (!entries) return fail("copy-tmp", "opendir");
  int result = 0;
  for (struct dirent *entry; result == 0 && (entry = readdir(entries));) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (depth == 0 && strcmp(entry->d_name, "lost+found") == 0) continue;
    result = copy_entry(from, to, entry->d_name, copy, depth);
  }
  closedir(entries);
  return result;
}

static int save_tmp(const struct snapshot_job *job, int64_t end) {
  struct copy copy = {job->tmp_bytes, (uid_t)-1, end};
  if (mkdirat(IMAGES_FD, "tmp", 0700) < 0) return fail("mkdir", "tmp");
  int from = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int to = openat(IMAGES_FD, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (from < 0 || to < 0) return fail("open", "tmp");
  return copy_directory(from, to, &copy, 0);
}

static int load_tmp(const struct snapshot_job *job) {
  struct copy copy = {UINT64_MAX, job->owner, INT64_MAX}; /* criu's time bounds it */
  int from = openat(IMAGES_FD, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int to = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (from < 0 || to < 0) return fail("open", "tmp");
  return copy_directory(from, to, &copy, 0);
}

/* ---- criu's inventory ---- */

/* Fields of criu's images, in the encoding of protocol buffers. */
struct field {
  uint32_t number;
  uint64_t value;             /* of a number */
  const unsigned char *bytes; /* of anything else */
  size_t length;
};

static bool take_varint(const unsigned char **at, const unsigned char *end, uint64_t *value) {
  *value = 0;
  for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
    unsigned char byte = *(*at)++;
    *value |= (uint64_t)(byte & 127) << shift;
    if (byte < 128) return true;
  }
  return false;
}

static bool take_field(const unsigned char **at, const unsigned char *end, struct field *field) {
  uint64_t key, length;
  if (!take_varint(at, end, &key)) return false;
  *field = (struct field){(uint32_t)(key >> 3), 0, NULL, 0};
  if ((key & 7) == 0) return take_varint(at, end, &field->value);
  if ((key & 7) != 2 || !take_varint(at, end, &length) || length > (uint64_t)(end - *at)) {
    return false;
  }
  field->bytes = *at;
  field->length = (size_t)length;
  *at += length;
  return true;
}

enum { USER_NAMESPACE_FIELD = 10, ROOT_IDS_FIELD = 3, IMAGE_MAX = 4096 };

static ssize_t read_image(const char *name, unsigned char *bytes) {
  int fd = openat(IMAGES_FD, name, O_RDONLY | O_CLOEXEC);
  ssize_t length = fd < 0 ? -1 : read(fd, bytes, IMAGE_MAX);
  if (fd >= 0) close(fd);
  return length < 0 ? fail("image", name) : length;
}

/* The place of the number of the user namespace, which is short, among the fields. */
static unsigned char *find_user_namespace(unsigned char *bytes, const unsigned char *end) {
  const unsigned char *at = bytes;
  struct field field;
  while (at < end) {
    const unsigned char *before = at;
    if (!take_field(&at, end, &field)) return NULL;
    if (field.number == USER_NAMESPACE_FIELD && field.value < 128) {
      return bytes + (before - bytes) + 1;
    }
  }
  return NULL;
}

/* Has criu's inventory say that criu was in the program's user namespace. */
static int adjust_inventory(pid_t pid) {
  static unsigned char ids[IMAGE_MAX], inventory[IMAGE_MAX];
  char name[32];
  struct field field;
  unsigned char *of_program = NULL, *of_criu = NULL;
  snprintf(name, sizeof name, "ids-%d.img", pid);
  ssize_t length = read_image(name, ids);
  ssize_t whole = read_image("inventory.img", inventory);
  if (length < 0 || whole < 0) return -1;
  /* Two magic numbers and a length; one magic number and a length. */
  if (length > 12) of_program = find_user_namespace(ids + 12, ids + length);
  const unsigned char *at = inventory + 8;
  const unsigned char *end = inventory + whole;
  while (whole > 8 && at < end && take_field(&at, end, &field)) {
    if (field.number != ROOT_IDS_FIELD || !field.bytes) continue;
    unsigned char *inside = inventory + (field.bytes - inventory);
    of_criu = find_user_namespace(inside, inside + field.length);
  }
  errno = EILSEQ;
  if (!of_program || !of_criu) return fail("image", "inventory");
  *of_criu = *of_program;
  int fd = openat(IMAGES_FD, "inventory.img", O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, inventory, (size_t)whole) != whole) return fail("image", "inventory");
  close(fd);
  return 0;
}

/* Makes the images readable for the user 0 of a shell, who reaches them by a descriptor only. */
static int open_up_images(void) {
  int again = openat(IMAGES_FD, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *entries = again < 0 ? NULL : fdopendir(again);
  if (!entries) return fail("opendir", "images");
  for (struct dirent *entry; (entry = readdir(entries));) {
    size_t length = strlen(entry->d_name);
    if (length > 4 && strcmp(entry->d_name + length - 4, ".img") == 0 &&
        fchmodat(IMAGES_FD, entry->d_name, 0644, 0) < 0) {
      closedir(entries);
      return fail("chmod", "images");
    }
  }
  closedir(entries);
  return fchmod(IMAGES_FD, 0755) < 0 ? fail("chmod", "images") : 0;
}

/* ---- criu ---- */

/* A descriptor beyond the places that criu's get. */
static int keep(int fd) { return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, KEPT_FD); }

static int place(int fd, int at) {
  if (fd < 0) {
    fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0) return fail("open", "/dev/null");
  }
  return dup2(fd, at) < 0 ? fail("dup", "") : 0;
}

static void exec_criu(char **arguments, bool own_libraries) __attribute__((noreturn));
static void exec_criu(char **arguments, bool own_libraries) {
  char *with_libraries[40] = {"criu", "--library-path", "/proc/self/fd/5", "/proc/self/fd/5/criu"};
  char *const environment[] = {"XDG_RUNTIME_DIR=/proc/self/fd/6",
                               "LD_PRELOAD=/proc/self/fd/6/criu-compat.so", "PATH=/usr/bin", NULL};
  if (own_libraries) {
    for (int i = 0; arguments[i] && i < 35; i++) with_libraries[i + 4] = arguments[i + 1];
    execve("/proc/self/fd/5/ld.so", with_libraries, environment);
  } else {
    execve("/proc/self/fd/5/criu", arguments, environment);
  }
  dprintf(2, "Error: criu cannot be executed: %s\n", strerror(errno));
  _exit(127);
}

/* Runs inside the shell, in a process of its pid namespace. */
static void run_criu(const struct snapshot_job *job, int log) __attribute__((noreturn));
static void run_criu(const struct snapshot_job *job, int log) {
  bool restores = job->type == RESTORE;
  char pid[16], pipe[64];
  char *checkpoint[] = {"criu", "dump", "-t", pid, "-D", "/proc/self/fd/4", "-v1",
                        "--manage-cgroups=ignore", "--tcp-close", NULL};
  char *restore[] = {"criu", "restore", "-d", "-D", "/proc/self/fd/4", "-v1", "--unprivileged",
                     "--leave-stopped", "--manage-cgroups=ignore", "--tcp-close", "--inherit-fd",
                     pipe, NULL};
  snprintf(pipe, sizeof pipe, "fd[%d]:pipe:[%llu]", PIPE_FD, (unsigned long long)job->pipe);
  const struct rlimit core = {1, 1};
  umask(022);
  /* Its own children must not take the numbers of what it restores; this is of its namespace. */
  snprintf(pid, sizeof pid, "%d", CRIU_PID);
  if (write_file("/proc/sys/kernel/ns_last_pid", pid) < 0) _exit(119);
  snprintf(pid, sizeof pid, "%u", job->pid);
  if (setsid() < 0 || setrlimit(RLIMIT_CORE, &core) < 0) _exit(120);
  if (setns(job->first_pidfd, CLONE_NEWNS) < 0 || chdir("/") < 0) _exit(121);
  if (place(-1, 0) < 0 || place(log, 1) < 0 || place(log, 2) < 0 ||
      place(job->output, PIPE_FD) < 0 || place(job->images, IMAGES_FD) < 0 ||
      place(job->tool, TOOL_FD) < 0 || place(job->cache, CACHE_FD) < 0) {
    _exit(122);
  }
  bool own_libraries = faccessat(TOOL_FD, "ld.so", F_OK, 0) == 0;
  if (restores) {
    if (load_tmp(job) < 0) {
      dprintf(2, "Error: %s %s: %s\n", failure.step, failure.path, strerror(failure.error));
      _exit(123);
    }
    if (setns(job->first_pidfd, CLONE_NEWUSER) < 0) _exit(124);
    if (setresgid(FUNCTION_GID, FUNCTION_GID, FUNCTION_GID) < 0 || setresuid(0, 0, 0) < 0) {
      _exit(125);
    }
  }
  if (sys_close_range(CACHE_FD + 1, ~0U) < 0) _exit(126);
  exec_criu(restores ? restore : checkpoint, own_libraries);
}

/* What criu's log tells of an error, as the failure's path. */
static int tell_log(int log, int status) {
  static char text[LOG_TAIL + 1];
  off_t size = lseek(log, 0, SEEK_END);
  off_t from = size > LOG_TAIL ? size - LOG_TAIL : 0;
  ssize_t length = pread(log, text, LOG_TAIL, from);
  text[length > 0 ? length : 0] = 0;
  /* The first one is the cause of the others, but for what criu can do without. */
  static const char *const harmless[] = {"RLIMIT_NOFILE", "stats-restore", "tun.c", "cgroupd"};
  char detail[PATH_LENGTH];
  snprintf(detail, sizeof detail, "status %d", status);
  char *rest = NULL;
  for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
    bool counts = strstr(line, "Error") != NULL;
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
      counts = counts && !strstr(line, harmless[i]);
    }
    if (!counts) continue;
    snprintf(detail, sizeof detail, "%.400s", line);
    break;
  }
  /* Only what criu itself ends with is about the images; the server tells by this number. */
  bool by_itself = WIFEXITED(status) && WEXITSTATUS(status) < FIRST_STATUS_BEFORE_CRIU;
  errno = status == TOO_LATE ? ETIMEDOUT : by_itself ? EIO : ECHILD;
  return fail("criu", detail);
}

/* Returns how it ended, which is TOO_LATE if it had to be killed. */
static int wait_for(pid_t pid, int64_t most_milliseconds) {
  int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  struct pollfd ended = {pidfd, POLLIN, 0};
  int status = -1;
  int most = most_milliseconds > 0 ? (int)most_milliseconds : 0;
  bool late = pidfd < 0 || poll(&ended, 1, most) != 1;
  if (late) kill(pid, SIGKILL);
  if (pidfd >= 0) close(pidfd);
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return late ? TOO_LATE : status;
}

static int join_cgroups(const struct snapshot_job *job) {
  for (uint32_t i = 0; i < job->cgroup_count; i++) {
    int fd = job->cgroup_version == 1
                 ? job->cgroups[i]
                 : openat(job->cgroups[i], "cgroup.procs", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "0", 1) != 1) return fail("join-cgroup", "");
  }
  return 0;
}

static int do_job(struct snapshot_job *job, int64_t end) {
  const int namespaces = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
                         CLONE_NEWCGROUP;
  int log = (int)syscall(SYS_memfd_create, "criu", 1 /* close on exec */);
  if (log < 0 || (log = keep(log)) < 0) return fail("memfd", "");
  if (job->type == CHECKPOINT) {
    pid_t pid = find_main_program(job->first, job->memory_bytes);
    if (pid < 0) return -1;
    job->pid = (uint32_t)pid;
  }
  if (join_cgroups(job) < 0) return -1;
  if (setns(job->first_pidfd, namespaces) < 0) return fail("setns-shell", "");
  pid_t criu = sys_clone_as(CRIU_PID);
  if (criu == 0) run_criu(job, log);
  if (criu < 0) return fail("clone", "");
  int status = wait_for(criu, end - milliseconds());
  if (status != 0) return tell_log(log, status);
  return job->type == RESTORE ? check_restored(job) : 0;
}

/* What follows criu at a checkpoint, in the shell's view of /tmp, which criu's end left as it is. */
static int finish_checkpoint(struct snapshot_job *job, int64_t end) {
  if (setns(job->first_pidfd, CLONE_NEWNS) < 0 || chdir("/") < 0) return fail("setns-shell", "");
  if (dup2(job->images, IMAGES_FD) < 0) return fail("dup", "");
  if (save_tmp(job, end) < 0 || adjust_inventory((pid_t)job->pid) < 0) return -1;
  return open_up_images();
}

static void run_job(struct snapshot_job *job, int socket) __attribute__((noreturn));
static void run_job(struct snapshot_job *job, int socket) {
  struct writer writer;
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  for (int i = 0; i < 4; i++) signal(ignored_signals[i], SIG_DFL);
  const bool restores = job->type == RESTORE;
  const int64_t end = milliseconds() + (restores ? RESTORE_MILLISECONDS : CHECKPOINT_MILLISECONDS);
  int result = do_job(job, end);
  if (result == 0 && !restores) result = finish_checkpoint(job, end);
  if (result < 0) {
    put_failure(&writer, 0, 0);
  } else {
    put_header(&writer, DONE, 0, 0);
    put_u32(&writer, job->pid);
    put_u64(&writer, job->pipe);
  }
  send_message(socket, writer.bytes, writer.length, -1);
  _exit(0);
}

/* Keeps what the job needs and closes the rest, so that nobody's connection outlives its user. */
static int keep_own(struct snapshot_job *job, int *socket) {
  int *const own[] = {&job->first_pidfd, &job->images, &job->tool, &job->cache, &job->output, socket};
  int most = 0;
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
    if (*own[i] >= 0 && (*own[i] = keep(*own[i])) < 0) return -1;
    if (*own[i] > most) most = *own[i];
  }
  for (uint32_t i = 0; i < job->cgroup_count; i++) {
    if ((job->cgroups[i] = keep(job->cgroups[i])) < 0) return -1;
    if (job->cgroups[i] > most) most = job->cgroups[i];
  }
  int kept[16];
  size_t count = 0;
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) kept[count++] = *own[i];
  for (uint32_t i = 0; i < job->cgroup_count; i++) kept[count++] = job->cgroups[i];
  for (int fd = 0; fd < most; fd++) {
    bool needed = false;
    for (size_t i = 0; i < count; i++) needed |= kept[i] == fd;
    if (!needed) close(fd);
  }
  return sys_close_range((unsigned)most + 1, ~0U);
}

int start_snapshot_job(const struct snapshot_job *job, pid_t *pid) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) {
    return fail("socketpair", "");
  }
  *pid = fork();
  if (*pid == 0) {
    struct snapshot_job own = *job;
    if (keep_own(&own, &sockets[1]) < 0) _exit(1);
    run_job(&own, sockets[1]);
  }
  close(sockets[1]);
  if (*pid > 0) return sockets[0];
  close(sockets[0]);
  return fail("fork", "");
}

/* ---- what criu knows of this kernel, found out once ---- */

static int report(void) {
  fprintf(stderr, "%s %s: %s\n", failure.step, failure.path, strerror(failure.error));
  return 1;
}

int make_criu_cache(const char *tool, const char *directory) {
  char *arguments[] = {"criu", "check", "--unprivileged", NULL};
  int tools = open(tool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (tools < 0) return fail("open", tool), report();
  bool own_libraries = faccessat(tools, "ld.so", F_OK, 0) == 0;
  /* It writes to a file system in memory only, and looks into its network namespace. */
  if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0) return fail("unshare", ""), report();
  if (raise_loopback() < 0) return report();
  if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) return fail("mount", "/"), report();
  int place_for_it = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (place_for_it < 0) return fail("open", directory), report();
  if (mount("criu", directory, "tmpfs", 0, "size=1m") < 0) return fail("mount", directory), report();
  int cache = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  pid_t pid = fork();
  if (pid == 0) {
    if (dup2(cache, CACHE_FD) < 0 || dup2(keep(tools), TOOL_FD) < 0) _exit(1);
    exec_criu(arguments, own_libraries);
  }
  if (pid < 0 || wait_for(pid, PROBE_MILLISECONDS) != 0) return fail("criu", "check"), report();
  int from = openat(cache, "criu.kdat", O_RDONLY | O_CLOEXEC);
  int to = openat(place_for_it, "criu.kdat", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  struct copy copy = {1 << 20, (uid_t)-1, INT64_MAX};
  off_t size = lseek(from, 0, SEEK_END);
  if (from < 0 || to < 0 || fchmod(to, 0644) < 0 || copy_range(from, to, 0, size, &copy) < 0) {
    return fail("copy", "criu.kdat"), report();
  }
  return 0;
}
