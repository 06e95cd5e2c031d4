/*
 * What the programs of a shell are and have, seen from outside: which one is to be checkpointed, and
 * whether restored ones have what started ones have and no more.
 *
 * criu is not trusted to have left nothing behind. Each thread of what it made is looked at while it
 * stands still, and so is whatever it can reach by a descriptor, its root, its working directory or
 * its program: all of that lies on mounts of the shell, or is of a kind that leads nowhere else.
 */
#include "launcher.h"

#include <dirent.h>
#include <linux/kcmp.h>
#include <linux/sockios.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

enum {
  STOP_ATTEMPTS = 20000, /* a tenth of a millisecond apart */
  PROCESSES_MAX = 256,
  MOUNTS_KNOWN_MAX = 1024,
};

/* The mounts that are seen in a shell, by their numbers. */
static unsigned mounts[MOUNTS_KNOWN_MAX];
static size_t mount_count;

int read_text(const char *path, char *text, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail("open", path);
  size_t have = 0;
  ssize_t more = 0;
  while (have < size - 1 && (more = read(fd, text + have, size - 1 - have)) > 0) {
    have += (size_t)more;
  }
  text[have] = 0;
  if (more < 0) fail("read", path);
  close(fd);
  return more < 0 ? -1 : 0;
}

/* ---- what a process can reach ---- */

static int read_mounts(pid_t first) {
  static char text[256 * 1024];
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/mountinfo", first);
  if (read_text(path, text, sizeof text) < 0) return -1;
  errno = E2BIG;
  if (strlen(text) == sizeof text - 1) return fail("restored-mounts", path);
  mount_count = 0;
  char *rest = NULL;
  for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
    if (mount_count == MOUNTS_KNOWN_MAX) return fail("restored-mounts", path);
    mounts[mount_count++] = (unsigned)strtoul(line, NULL, 10);
  }
  return 0;
}

/* Whether the descriptor that the file in /proc tells of lies on a mount of the shell. */
static bool is_on_mount(const char *fdinfo) {
  char text[4096];
  if (read_text(fdinfo, text, sizeof text) < 0) return false;
  const char *line = strstr(text, "mnt_id:\t");
  unsigned id = line ? (unsigned)strtoul(line + 8, NULL, 10) : 0;
  for (size_t i = 0; line && i < mount_count; i++) {
    if (mounts[i] == id) return true;
  }
  return false;
}

/* A file without a name that was made for the program, by it or by criu. */
static bool is_own_memory(const char *target, const struct stat *status, uint32_t owner) {
  return strncmp(target, "/memfd:", 7) == 0 && S_ISREG(status->st_mode) &&
         status->st_uid == owner && status->st_gid == owner;
}

/* Of what the kernel makes without a place, what concerns the program alone. */
static bool is_harmless(const char *target) {
  static const char *const kinds[] = {"[eventfd]", "[eventpoll]", "[timerfd]", "[signalfd]",
                                      "inotify"};
  if (strncmp(target, "anon_inode:", 11) != 0) return false;
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (strcmp(target + 11, kinds[i]) == 0) return true;
  }
  return false;
}

/* Whether a socket belongs to the network of the shell. */
static bool is_of_network(pid_t pid, const char *number, pid_t first) {
  char path[64];
  struct stat wanted, found;
  snprintf(path, sizeof path, "/proc/%d/ns/net", first);
  int pidfd = sys_pidfd_open(pid);
  int fd = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, atoi(number), 0);
  int network = fd < 0 ? -1 : ioctl(fd, SIOCGSKNS);
  bool same = network >= 0 && stat(path, &wanted) == 0 && fstat(network, &found) == 0 &&
              wanted.st_ino == found.st_ino && wanted.st_dev == found.st_dev;
  if (network >= 0) close(network);
  if (fd >= 0) close(fd);
  if (pidfd >= 0) close(pidfd);
  return same;
}

static int check_descriptor(pid_t pid, const char *number, const struct snapshot_job *job) {
  char path[96], target[PATH_LENGTH];
  struct stat status;
  snprintf(path, sizeof path, "/proc/%d/fd/%.20s", pid, number);
  ssize_t length = readlink(path, target, sizeof target - 1);
  if (length < 0 || stat(path, &status) < 0) return fail("restored-descriptor", path);
  target[length] = 0;
  snprintf(path, sizeof path, "/proc/%d/fdinfo/%.20s", pid, number);
  /* Whoever has the other end of a pipe was restored too, or is the server for the output. */
  bool own = strncmp(target, "pipe:[", 6) == 0   ? S_ISFIFO(status.st_mode)
             : strncmp(target, "socket:[", 8) == 0 ? is_of_network(pid, number, job->first)
                                                   : is_harmless(target) || is_on_mount(path) ||
                                                       is_own_memory(target, &status, job->owner);
  errno = EPERM;
  return own ? 0 : fail("restored-descriptor", target);
}

static int check_descriptors(pid_t pid, const struct snapshot_job *job) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/fd", pid);
  DIR *entries = opendir(path);
  if (!entries) return fail("opendir", path);
  int result = 0;
  for (struct dirent *entry; result == 0 && (entry = readdir(entries));) {
    if (entry->d_name[0] != '.') result = check_descriptor(pid, entry->d_name, job);
  }
  closedir(entries);
  return result;
}

/* Its program and working directory are the shell's, and its root is that of all. */
static int check_places(pid_t pid, const struct snapshot_job *job) {
  static const char *const names[] = {"root", "cwd", "exe"};
  struct stat root, found[3];
  char path[96], target[PATH_LENGTH];
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    snprintf(path, sizeof path, "/proc/%d/%s", pid, names[i]);
    ssize_t length = readlink(path, target, sizeof target - 1);
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (length < 0 || fd < 0 || fstat(fd, &found[i]) < 0) return fail("restored-place", path);
    target[length] = 0;
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    bool own = is_on_mount(path) || is_own_memory(target, &found[i], job->owner);
    close(fd);
    errno = EPERM;
    if (!own) return fail("restored-place", names[i]);
  }
  snprintf(path, sizeof path, "/proc/%d/root", job->first);
  if (stat(path, &root) < 0) return fail("restored-place", path);
  errno = EPERM;
  bool same = root.st_ino == found[0].st_ino && root.st_dev == found[0].st_dev;
  return same ? 0 : fail("restored-place", "another root");
}

/* All that was said of one thread's files holds for the others. */
static int check_sharing(pid_t pid, pid_t thread) {
  errno = EPERM;
  return syscall(SYS_kcmp, pid, thread, KCMP_FILES, 0UL, 0UL) == 0 &&
                 syscall(SYS_kcmp, pid, thread, KCMP_FS, 0UL, 0UL) == 0
             ? 0
             : fail("restored-thread", "files of its own");
}

/* ---- processes ---- */

/* Adds the children of all threads of the process; what ends meanwhile has none. */
static int add_children(pid_t of, pid_t *found, unsigned *count) {
  char path[96], text[4096];
  snprintf(path, sizeof path, "/proc/%d/task", of);
  DIR *tasks = opendir(path);
  if (!tasks) return fail("opendir", path);
  int result = 0;
  for (struct dirent *task; result == 0 && (task = readdir(tasks));) {
    if (task->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/proc/%d/task/%.20s/children", of, task->d_name);
    if (read_text(path, text, sizeof text) < 0) {
      if (errno == ENOENT || errno == ESRCH) continue;
      result = -1;
      break;
    }
    char *rest = NULL;
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
      errno = E2BIG;
      if (*count == PROCESSES_MAX) {
        result = fail("processes", "");
        break;
      }
      found[(*count)++] = (pid_t)strtol(word, NULL, 10);
    }
  }
  closedir(tasks);
  return result;
}

/* All below the first process of a shell, the children before their own. */
static int find_programs(pid_t first, pid_t *found, unsigned *count, unsigned *direct) {
  *count = 0;
  if (add_children(first, found, count) < 0) return -1;
  *direct = *count;
  for (unsigned i = 0; i < *count; i++) {
    if (add_children(found[i], found, count) < 0) return -1;
  }
  return 0;
}

static int has_line(const char *status, const char *line) {
  char wanted[128];
  snprintf(wanted, sizeof wanted, "\n%s\n", line);
  return strstr(status, wanted) != NULL;
}

/* criu lets a thread go with a stop signal before it, which may take effect a moment later. */
static int await_stop(const char *path, char *status, size_t size) {
  const struct timespec moment = {0, 100000};
  for (int i = 0; i < STOP_ATTEMPTS; i++) {
    if (read_text(path, status, size) < 0) return -1;
    if (strstr(status, "\nState:\tT")) return 0;
    nanosleep(&moment, NULL);
  }
  errno = ETIMEDOUT;
  return fail("restored-state", path);
}

/* Whether a thread has nothing that a fresh one would not have. */
static int check_thread(const char *path, uint32_t owner) {
  static const char *const lines[] = {
      "CapInh:\t0000000000000000", "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000",
      "CapBnd:\t0000000000000000", "CapAmb:\t0000000000000000", "NoNewPrivs:\t1",
      "Seccomp:\t2",
  };
  static const char *const kinds[] = {"Uid", "Gid"};
  char status[8192], line[96];
  if (await_stop(path, status, sizeof status) < 0) return -1;
  errno = EPERM;
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    if (!has_line(status, lines[i])) return fail("restored-privileges", lines[i]);
  }
  for (size_t i = 0; i < 2; i++) {
    snprintf(line, sizeof line, "%s:\t%u\t%u\t%u\t%u", kinds[i], owner, owner, owner, owner);
    if (!has_line(status, line)) return fail("restored-ids", line);
  }
  return 0;
}

static int check_namespaces(pid_t pid, pid_t first) {
  static const char *const names[] = {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"};
  char path[64], ours[64], theirs[64];
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, names[i]);
    ssize_t length = readlink(path, ours, sizeof ours);
    snprintf(path, sizeof path, "/proc/%d/ns/%s", first, names[i]);
    ssize_t other = readlink(path, theirs, sizeof theirs);
    errno = EPERM;
    if (length <= 0 || length != other || memcmp(ours, theirs, (size_t)length) != 0) {
      return fail("restored-namespace", names[i]);
    }
  }
  return 0;
}

static int check_process(pid_t pid, const struct snapshot_job *job) {
  char path[96], of_job[4096], of_process[4096];
  snprintf(path, sizeof path, "/proc/%d/cgroup", pid);
  if (read_text("/proc/self/cgroup", of_job, sizeof of_job) < 0 ||
      read_text(path, of_process, sizeof of_process) < 0) {
    return -1;
  }
  errno = EPERM;
  if (strcmp(of_job, of_process) != 0) return fail("restored-cgroup", path);
  if (check_namespaces(pid, job->first) < 0 || check_places(pid, job) < 0 ||
      check_descriptors(pid, job) < 0) {
    return -1;
  }
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *tasks = opendir(path);
  if (!tasks) return fail("opendir", path);
  int result = 0;
  for (struct dirent *task; result == 0 && (task = readdir(tasks));) {
    if (task->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/proc/%d/task/%.20s/status", pid, task->d_name);
    result = check_thread(path, job->owner);
    if (result == 0) result = check_sharing(pid, (pid_t)atoi(task->d_name));
  }
  closedir(tasks);
  return result;
}

int check_restored(const struct snapshot_job *job) {
  pid_t found[PROCESSES_MAX];
  unsigned count, direct;
  if (read_mounts(job->first) < 0) return -1;
  if (find_programs(job->first, found, &count, &direct) < 0) return -1;
  errno = ESRCH;
  if (direct != 1) return fail("restored-processes", "");
  for (unsigned i = 0; i < count; i++) {
    if (check_process(found[i], job) < 0) return -1;
  }
  return 0;
}

/* What the processes have in memory, in bytes; what several share counts for each. */
static int count_memory(const pid_t *found, unsigned count, uint64_t *bytes) {
  char path[64], status[8192];
  *bytes = 0;
  for (unsigned i = 0; i < count; i++) {
    snprintf(path, sizeof path, "/proc/%d/status", found[i]);
    if (read_text(path, status, sizeof status) < 0) return -1;
    const char *line = strstr(status, "\nVmRSS:");
    if (line) *bytes += strtoull(line + 7, NULL, 10) * 1024;
  }
  return 0;
}

pid_t find_main_program(pid_t first, uint64_t memory_bytes) {
  pid_t found[PROCESSES_MAX];
  unsigned count, direct;
  uint64_t bytes;
  char path[64], status[8192];
  if (find_programs(first, found, &count, &direct) < 0) return -1;
  errno = EBUSY;
  if (direct != 1) return fail("processes", "more than the runtime");
  if (count_memory(found, count, &bytes) < 0) return -1;
  errno = EFBIG;
  snprintf(status, sizeof status, "%llu MB", (unsigned long long)bytes >> 20);
  if (bytes > memory_bytes) return fail("memory", status);
  snprintf(path, sizeof path, "/proc/%d/status", found[0]);
  if (read_text(path, status, sizeof status) < 0) return -1;
  char *line = strstr(status, "\nNSpid:");
  char *end = line ? strchr(line + 1, '\n') : NULL;
  if (!end) return fail("status", path);
  *end = 0;
  char *last = strrchr(line, '\t');
  return last ? (pid_t)strtol(last, NULL, 10) : fail("status", path);
}
