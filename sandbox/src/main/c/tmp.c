/*
 * File systems for /tmp: ext4 in a sparse file behind a loop device.
 *
 * A tmpfs would count as the function's memory, which Lambda's /tmp does not. Making one takes
 * milliseconds, so a process of its own does it and hands the launcher a mount that is attached
 * nowhere. The file has no name and the loop device clears itself: when the last user of the mount
 * ends, nothing is left, however it ended.
 */
#include "launcher.h"

#include <linux/loop.h>
#include <linux/mount.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

enum {
  GOLDENS = 16,           /* sizes of which an empty file system is kept for copying */
  LOOP_TRIES = 100,       /* others may take the free device before us */
  MKFS_MILLISECONDS = 60000,
  BLOCK = 4096,
};

struct request {
  uint64_t bytes;
  uint32_t shell;
};

static struct golden {
  uint64_t bytes; /* 0: none yet */
  uint64_t file_bytes;
  int fd;
} goldens[GOLDENS];
static unsigned next_golden;

/* A file without a name. */
static int open_nameless(const char *directory) {
  int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) return fd;
  if (errno != EOPNOTSUPP && errno != EISDIR) return fail("tmp-file", directory);
  char path[PATH_LENGTH];
  snprintf(path, sizeof path, "%s/tmp-image", directory);
  fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0 || unlink(path) < 0) return fail("tmp-file", path);
  return fd;
}

static uint64_t inodes_for(uint64_t bytes) {
  uint64_t inodes = bytes / 16384;
  return inodes < 128 ? 128 : inodes;
}

/* What the file must have so that the file system offers so many bytes. */
static uint64_t file_bytes_for(uint64_t bytes) {
  uint64_t inode_tables = inodes_for(bytes) * 256;
  /* The kernel sets a fiftieth aside, at most 4,096 blocks, so that delayed writes find room. */
  uint64_t reserve = bytes / 49 < 4096 * (uint64_t)BLOCK ? bytes / 49 : 4096 * (uint64_t)BLOCK;
  uint64_t groups = bytes / (32768 * (uint64_t)BLOCK) + 1;
  uint64_t total = bytes + inode_tables + reserve + groups * 4 * BLOCK + 64 * BLOCK;
  return (total + BLOCK - 1) / BLOCK * BLOCK;
}

static int wait_for_child(pid_t pid) {
  int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  struct pollfd ended = {pidfd, POLLIN, 0};
  if (pidfd < 0 || poll(&ended, 1, MKFS_MILLISECONDS) != 1) kill(pid, SIGKILL);
  if (pidfd >= 0) close(pidfd);
  int status = -1;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

static void exec_mkfs(int file, uint64_t inodes) __attribute__((noreturn));
static void exec_mkfs(int file, uint64_t inodes) {
  char count[32];
  snprintf(count, sizeof count, "%llu", (unsigned long long)inodes);
  char *const argv[] = {
      "mkfs.ext4", "-q", "-F", "-m", "0", "-b", "4096", "-I", "256", "-N", count, "-O",
      "none,dir_index,dir_nlink,extent,extra_isize,filetype,flex_bg,huge_file,large_file,"
      "sparse_super,uninit_bg",
      "-E", "lazy_itable_init=1,nodiscard,root_owner=0:0", "/proc/self/fd/3", NULL};
  char *const environment[] = {NULL};
  if (file == 3 ? fcntl(3, F_SETFD, 0) < 0 : dup2(file, 3) < 0) _exit(126);
  if (sys_close_range(4, ~0U) < 0) _exit(126);
  execve("/usr/sbin/mkfs.ext4", argv, environment);
  execve("/sbin/mkfs.ext4", argv, environment);
  execve("/usr/bin/mkfs.ext4", argv, environment);
  _exit(127);
}

static int make_golden(struct golden *golden, uint64_t bytes, const char *directory) {
  if (golden->bytes != 0) close(golden->fd);
  golden->bytes = 0;
  golden->file_bytes = file_bytes_for(bytes);
  golden->fd = open_nameless(directory);
  if (golden->fd < 0) return -1;
  if (ftruncate(golden->fd, (off_t)golden->file_bytes) < 0) {
    fail("tmp-size", directory);
    close(golden->fd);
    return -1;
  }
  pid_t pid = fork();
  if (pid == 0) exec_mkfs(golden->fd, inodes_for(bytes));
  int status = pid < 0 ? -1 : wait_for_child(pid);
  if (status != 0) {
    char detail[64];
    snprintf(detail, sizeof detail, "mkfs.ext4 status %d", status);
    errno = status == 127 << 8 ? ENOENT : EIO;
    fail("mkfs", detail);
    close(golden->fd);
    return -1;
  }
  golden->bytes = bytes;
  return 0;
}

static struct golden *golden_for(uint64_t bytes, const char *directory) {
  for (int i = 0; i < GOLDENS; i++) {
    if (goldens[i].bytes == bytes) return &goldens[i];
  }
  struct golden *golden = &goldens[next_golden++ % GOLDENS];
  return make_golden(golden, bytes, directory) < 0 ? NULL : golden;
}

/* Copies what is not a hole. */
static int copy_sparse(int from, int to, off_t size) {
  static char buffer[256 * 1024];
  if (ftruncate(to, size) < 0) return fail("tmp-size", "");
  for (off_t data = 0; (data = lseek(from, data, SEEK_DATA)) >= 0;) {
    off_t hole = lseek(from, data, SEEK_HOLE);
    if (hole < 0) return fail("tmp-seek", "");
    while (data < hole) {
      size_t part = hole - data < (off_t)sizeof buffer ? (size_t)(hole - data) : sizeof buffer;
      ssize_t length = pread(from, buffer, part, data);
      if (length <= 0) return fail("tmp-read", "");
      if (pwrite(to, buffer, (size_t)length, data) != length) return fail("tmp-write", "");
      data += length;
    }
  }
  return errno == ENXIO ? 0 : fail("tmp-seek", "");
}

static int open_loop(int number) {
  char path[32];
  snprintf(path, sizeof path, "/dev/loop%d", number);
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT && mknod(path, S_IFBLK | 0600, makedev(7, number)) == 0) {
    fd = open(path, O_RDWR | O_CLOEXEC); /* a container's own /dev */
  }
  return fd;
}

/* Puts the file behind a free loop device; its path goes to path. */
static int set_up_loop(int file, char *path, size_t size) {
  int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
  if (control < 0) return fail("loop-control", "/dev/loop-control");
  int result = -1;
  for (int i = 0; i < LOOP_TRIES; i++) {
    int number = ioctl(control, LOOP_CTL_GET_FREE);
    if (number < 0) {
      fail("loop-free", "/dev/loop-control");
      break;
    }
    snprintf(path, size, "/dev/loop%d", number);
    int device = open_loop(number);
    if (device < 0) {
      fail("loop-open", path);
      break;
    }
    struct loop_config config;
    memset(&config, 0, sizeof config);
    config.fd = (uint32_t)file;
    config.block_size = BLOCK;
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
    if (ioctl(device, LOOP_CONFIGURE, &config) == 0) {
      result = device;
      break;
    }
    fail("loop-configure", path);
    close(device);
    if (failure.error != EBUSY) break;
  }
  close(control);
  return result;
}

static int configure_mount(int context, const char *device) {
  if (sys_fsconfig(context, FSCONFIG_SET_STRING, "source", device) < 0) return -1;
  if (sys_fsconfig(context, FSCONFIG_SET_FLAG, "discard", NULL) < 0) return -1;
  /* A /tmp need not survive a power cut, and nobody may make the host's disk flush for it. */
  if (sys_fsconfig(context, FSCONFIG_SET_FLAG, "nobarrier", NULL) < 0) return -1;
  if (sys_fsconfig(context, FSCONFIG_SET_FLAG, "noinit_itable", NULL) < 0) return -1;
  return sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL);
}

/* Mounts the device nowhere. */
static int mount_detached(const char *device) {
  int context = sys_fsopen("ext4");
  if (context < 0) return fail("fsopen", "ext4");
  int mount = -1;
  if (configure_mount(context, device) < 0) {
    fail("mount-tmp", device);
  } else {
    mount = sys_fsmount(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOATIME);
    if (mount < 0) fail("fsmount", device);
  }
  close(context);
  return mount;
}

static int make_tmp(uint64_t bytes, const char *directory) {
  struct golden *golden = golden_for(bytes, directory);
  if (!golden) return -1;
  int file = open_nameless(directory);
  if (file < 0) return -1;
  char device[32];
  int mount = -1;
  if (copy_sparse(golden->fd, file, (off_t)golden->file_bytes) == 0) {
    int loop = set_up_loop(file, device, sizeof device);
    if (loop >= 0) {
      mount = mount_detached(device);
      close(loop);
    }
  }
  close(file);
  if (mount < 0) return -1;
  if ((unlinkat(mount, "lost+found", AT_REMOVEDIR) < 0 && errno != ENOENT) ||
      fchmodat(mount, ".", 01777, 0) < 0) {
    fail("tmp-clean", device);
    close(mount);
    return -1;
  }
  return mount;
}

static void serve(int socket, const char *directory) __attribute__((noreturn));
static void serve(int socket, const char *directory) {
  for (;;) {
    struct request request;
    int fd;
    if (receive_message(socket, WAIT, &request, sizeof request, &fd) != (ssize_t)sizeof request) {
      _exit(0);
    }
    int mount = make_tmp(request.bytes, directory);
    struct writer writer;
    if (mount < 0) {
      put_failure(&writer, 0, request.shell);
    } else {
      put_header(&writer, DONE, 0, request.shell);
      put_u64(&writer, request.bytes);
    }
    struct pollfd room = {socket, POLLOUT, 0};
    while (send_message(socket, writer.bytes, writer.length, mount) < 0) {
      if (errno != EAGAIN || poll(&room, 1, MKFS_MILLISECONDS) != 1) _exit(1);
    }
    if (mount >= 0) close(mount);
  }
}

int start_tmp_maker(const char *work_directory) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) {
    return fail("socketpair", "tmp");
  }
  pid_t pid = fork();
  if (pid < 0) {
    close(sockets[0]);
    close(sockets[1]);
    return fail("fork", "tmp");
  }
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, "lambic-tmp");
    int socket = fcntl(sockets[1], F_DUPFD_CLOEXEC, 3);
    if (socket < 0 || dup3(socket, 3, O_CLOEXEC) < 0) {
      if (errno != EINVAL) _exit(1); /* it is 3 already */
    }
    if (sys_close_range(4, ~0U) < 0) _exit(1);
    serve(3, work_directory);
  }
  close(sockets[1]);
  return sockets[0];
}

int request_tmp(int maker, uint64_t bytes, uint32_t shell) {
  struct request request;
  memset(&request, 0, sizeof request);
  request.bytes = bytes;
  request.shell = shell;
  if (send_message(maker, &request, sizeof request, -1) < 0) return fail("tmp-request", "");
  return 0;
}
