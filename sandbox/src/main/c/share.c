/*
 * Directories of the host that sandboxes share and may change: access points of file systems.
 *
 * On the disk all that is in one belongs to a single user who is nobody on the host, whoever made
 * it. Each sandbox sees it through a mount that maps this one user to its function's, so that files
 * are everybody's who shares the directory, and can be given to nobody else. What has another owner
 * on the disk has none inside, and can be read at most.
 *
 * The directory is opened here, in the host's view, without a symbolic link on the way; what is
 * below it is only ever looked up by the function itself, in its own view. The mount has the
 * directory as its root, so nothing leads out of it, and no set-user-id program or device in it
 * has any effect.
 */
#include "shells.h"

#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x00100000
#endif

enum { SHARED_MAX = 8, NAME_LENGTH = 256 };

/* A twentieth of a file system has to be free, or this much if that is less. */
static const uint64_t space_part = 20, least_bytes = 1ull << 30, least_files = 65536;

/* The directory in which the mount points lie, in every root file system. */
static const char *const shared_place = "/mnt";

static int write_map(pid_t pid, const char *file, uint32_t disk_id, uint32_t owner) {
  char path[64], map[64];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
  snprintf(map, sizeof map, "%u %u 1\n", disk_id, owner);
  return write_file(path, map) < 0 ? fail("share-ids", path) : 0;
}

static int open_map(pid_t pid, uint32_t disk_id, uint32_t owner) {
  char path[64];
  if (write_map(pid, "uid_map", disk_id, owner) < 0) return -1;
  if (write_map(pid, "gid_map", disk_id, owner) < 0) return -1;
  snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
  int users = open(path, O_RDONLY | O_CLOEXEC);
  return users < 0 ? fail("share-ids", path) : users;
}

/*
 * A user namespace that is only a table: its user disk_id is the host's user owner. It is the form
 * in which the kernel takes the table; the process that it takes to make one ends at once.
 */
static int make_id_map(uint32_t disk_id, uint32_t owner) {
  int pidfd = -1;
  pid_t launcher_pid = getpid();
  pid_t pid = sys_clone(CLONE_NEWUSER, &pidfd, -1);
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    while (getppid() == launcher_pid) pause();
    _exit(0);
  }
  if (pid < 0) return fail("share-ids", "");
  int users = open_map(pid, disk_id, owner);
  int error = errno;
  sys_pidfd_send_signal(pidfd, SIGKILL);
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
  }
  close(pidfd);
  errno = error;
  return users;
}

static int clone_tree(int directory, const char *source) {
  struct stat status;
  if (fstat(directory, &status) < 0) return fail("share-source", source);
  errno = ENOTDIR;
  if (!S_ISDIR(status.st_mode)) return fail("share-source", source);
  int tree = (int)syscall(SYS_open_tree, directory, "",
                          AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  return tree < 0 ? fail("share-tree", source) : tree;
}

int shared_tree(const char *source, uint32_t disk_id, uint32_t owner) {
  int directory = sys_open_no_links(source);
  if (directory < 0) return fail("share-source", source);
  int tree = clone_tree(directory, source);
  close(directory);
  if (tree < 0) return -1;
  int users = make_id_map(disk_id, owner);
  if (users >= 0) {
    struct mount_attr attributes = {
        .attr_set = MOUNT_ATTR_IDMAP | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
        .propagation = MS_PRIVATE, /* what the host mounts below it has none of these */
        .userns_fd = (uint64_t)users,
    };
    if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0) {
      close(users);
      return tree;
    }
    fail("share-map", source);
    close(users);
  }
  close(tree);
  return -1;
}

static bool is_scarce(uint64_t available, uint64_t all, uint64_t enough) {
  uint64_t least = all / space_part;
  return available < (least < enough ? least : enough);
}

/*
 * Nobody begins to write where little is left. The host's part of the space is not counted as
 * free; file systems that make room for names as they need it say that they have none at all.
 */
static int check_space(int tree, const char *source) {
  struct statfs status;
  if (fstatfs(tree, &status) < 0) return fail("share-source", source);
  uint64_t block = status.f_bsize > 0 ? (uint64_t)status.f_bsize : 1;
  if (!is_scarce(status.f_bavail, status.f_blocks, least_bytes / block) &&
      !is_scarce(status.f_ffree, status.f_files, least_files)) {
    return 0;
  }
  errno = ENOSPC;
  return fail("share-space", source);
}

static int roomy_tree(const char *source, uint32_t disk_id, uint32_t owner) {
  int tree = shared_tree(source, disk_id, owner);
  if (tree < 0 || check_space(tree, source) == 0) return tree;
  close(tree);
  return -1;
}

/* What is asked for; the trees are opened one after the other. */
struct shared {
  char *names[SHARED_MAX];
  int trees[SHARED_MAX];
  uint32_t count;
};

/* A small read-only file system with nothing but mount points; goes over an empty directory. */
static int make_places(const struct shared *shared) {
  int context = sys_fsopen("tmpfs");
  int places = -1;
  if (context < 0) return fail("share-places", "fsopen");
  if (sys_fsconfig(context, FSCONFIG_SET_STRING, "mode", "0755") < 0 ||
      sys_fsconfig(context, FSCONFIG_SET_STRING, "size", "64k") < 0 ||
      sys_fsconfig(context, FSCONFIG_SET_STRING, "nr_inodes", "32") < 0 ||
      sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL) < 0) {
    fail("share-places", "fsconfig");
  } else {
    places = sys_fsmount(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    if (places < 0) fail("share-places", "fsmount");
  }
  close(context);
  for (uint32_t i = 0; places >= 0 && i < shared->count; i++) {
    if ((mkdirat(places, shared->names[i], 0755) < 0 && errno != EEXIST) ||
        fchmodat(places, shared->names[i], 0755, 0) < 0) {
      fail("share-places", shared->names[i]);
      close(places);
      places = -1;
    }
  }
  if (places >= 0 && sys_mount_setattr(places, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY) < 0) {
    fail("share-places", "mount-setattr");
    close(places);
    places = -1;
  }
  return places;
}

static void path_of(char *path, size_t size, const char *name) {
  snprintf(path, size, "%s/%s", shared_place, name);
}

/* Whether the root file system has a directory for each; only images may. */
static bool has_places(const struct shared *shared) {
  for (uint32_t i = 0; i < shared->count; i++) {
    char path[PATH_LENGTH];
    path_of(path, sizeof path, shared->names[i]);
    int place = sys_open_no_links(path);
    if (place < 0) return false;
    struct stat status;
    bool is_directory = fstat(place, &status) == 0 && S_ISDIR(status.st_mode);
    close(place);
    if (!is_directory) return false;
  }
  return true;
}

/* Runs in the mount namespace of the shell. */
static int attach_shared(const struct shared *shared, int places) {
  if (!has_places(shared) && attach_tree(places, shared_place) < 0) return -1;
  for (uint32_t i = 0; i < shared->count; i++) {
    char path[PATH_LENGTH];
    path_of(path, sizeof path, shared->names[i]);
    if (attach_tree(shared->trees[i], path) < 0) return -1;
  }
  return 0;
}

static int attach_in_shell(const struct shell *shell, const struct shared *shared) {
  int places = make_places(shared);
  if (places < 0) return -1;
  int result;
  if (setns(shell->pidfd, CLONE_NEWNS) < 0) {
    result = fail("setns-shell", "");
  } else {
    result = attach_shared(shared, places);
    return_to_host();
  }
  close(places);
  return result;
}

static bool is_name(const char *name) {
  return name[0] && strlen(name) < NAME_LENGTH && !strchr(name, '/') && strcmp(name, ".") != 0 &&
         strcmp(name, "..") != 0;
}

int share(const struct shell *shell, uint32_t slot, struct reader *reader) {
  struct shared shared = {.count = 0};
  int result = 0;
  uint32_t owner = launcher.first_host_id + slot * IDS_PER_SHELL + 1;
  uint32_t disk_id = take_u32(reader);
  uint32_t count = take_u32(reader);
  errno = EINVAL;
  if (reader->bad || count > SHARED_MAX) return fail("message", "share");
  while (shared.count < count && result == 0) {
    const char *source = take_text(reader);
    char *name = take_text(reader);
    errno = EINVAL;
    int tree = reader->bad || !is_name(name) ? fail("message", "share")
                                             : roomy_tree(source, disk_id, owner);
    if (tree < 0) {
      result = -1;
    } else {
      shared.names[shared.count] = name;
      shared.trees[shared.count++] = tree;
    }
  }
  if (result == 0) result = attach_in_shell(shell, &shared);
  while (shared.count > 0) close(shared.trees[--shared.count]);
  return result;
}
