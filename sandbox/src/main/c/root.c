/*
 * The root file system of a sandbox.
 *
 * What is common to all sandboxes is built once, in the template: a read-only tmpfs with the
 * device nodes and a private /etc, and the host's /usr on it, read-only. A new shell gets a copy of
 * the template's mounts by being cloned from there, and adds its own /proc and /tmp. This happens
 * before it enters its user namespace, so its mounts belong to the host's user namespace and
 * nobody inside has a say over them, whatever capabilities he may get.
 *
 * A shell whose root is a container image gets a read-only copy of the image's tree in place of the
 * template's root, after its own mounts were made.
 */
#include "launcher.h"

#include <dirent.h>
#include <limits.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

static const char *const directories[] = {
    "dev", "etc", "mnt", "opt", "proc", "tmp", "usr", "var",
    "var/empty", "var/lang", "var/rapid", "var/runtime", "var/task",
};

static const struct {
  const char *name;
  unsigned minor;
} devices[] = {{"null", 3}, {"zero", 5}, {"full", 7}, {"random", 8}, {"urandom", 9}};

static const struct {
  const char *target;
  const char *link;
} links[] = {
    {"/proc/self/fd", "dev/fd"},
    {"/proc/self/fd/0", "dev/stdin"},
    {"/proc/self/fd/1", "dev/stdout"},
    {"/proc/self/fd/2", "dev/stderr"},
    {"/proc/self/mounts", "etc/mtab"},
    {"/usr/lib/os-release", "etc/os-release"},
    {"/usr/share/zoneinfo/UTC", "etc/localtime"},
};

/* Links or directories beside /usr, by distribution and age. */
static const char *const beside_usr[] = {"bin", "sbin", "lib", "lib32", "lib64", "libx32"};

/* What runtimes read in /etc and everybody on the host may read; the rest of it is private. */
static const char *const etc_directories[] = {
    "alternatives", "ca-certificates", "crypto-policies", "fonts",
    "pki/ca-trust/extracted", "pki/tls/certs", "ssl/certs",
};
static const char *const etc_files[] = {
    "ca-certificates.conf", "gai.conf", "ld.so.cache", "mime.types", "protocols", "services",
    "ssl/openssl.cnf",
};
/* Configuration of language packages, such as java-21-openjdk. */
static const char *const etc_prefixes[] = {"dotnet", "java-", "perl", "python"};

/* In /proc, what tells of the host and not of the function. */
static const char *const hidden_files[] = {
    "/proc/cmdline", "/proc/config.gz",    "/proc/diskstats",     "/proc/kallsyms",
    "/proc/kcore",   "/proc/key-users",    "/proc/keys",          "/proc/kmsg",
    "/proc/modules", "/proc/partitions",   "/proc/sched_debug",   "/proc/sysrq-trigger",
    "/proc/locks",   "/proc/timer_list",
};
static const char *const hidden_directories[] = {
    "/proc/acpi", "/proc/asound", "/proc/bus", "/proc/driver", "/proc/fs", "/proc/irq",
    "/proc/scsi",
};
enum { HIDDEN_MAX = 32 };
static const char *files_to_hide[HIDDEN_MAX];
static unsigned files_to_hide_count;
static const char *directories_to_hide[HIDDEN_MAX];
static unsigned directories_to_hide_count;

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int host_mounts = -1;

static int make_directories(const char *path) {
  char part[PATH_LENGTH];
  snprintf(part, sizeof part, "%s", path);
  for (char *slash = strchr(part, '/');; slash = strchr(slash + 1, '/')) {
    if (slash) *slash = 0;
    if (mkdir(part, 0755) < 0 && errno != EEXIST) return fail("mkdir", part);
    if (!slash) return 0;
    *slash = '/';
  }
}

int read_only_tree(const char *source) {
  int tree = sys_open_tree(source);
  if (tree < 0) return fail("open-tree", source);
  struct mount_attr attributes = {
      .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
      .propagation = MS_PRIVATE, /* what the host mounts below it has none of these */
  };
  if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) < 0) {
    fail("mount-setattr", source);
    close(tree);
    return -1;
  }
  return tree;
}

int attach_tree(int tree, const char *target) {
  int place = sys_open_no_links(target);
  if (place < 0) return fail("target", target);
  int result = sys_move_mount(tree, place);
  if (result < 0) fail("move-mount", target);
  close(place);
  return result;
}

/* Makes a directory of the host visible at a path relative to the new root. */
static int show_directory(const char *source, const char *target) {
  if (make_directories(target) < 0) return -1;
  int tree = read_only_tree(source);
  if (tree < 0) return -1;
  int result = attach_tree(tree, target);
  close(tree);
  return result;
}

static int copy_bytes(int from, int to, const char *path) {
  char buffer[16384];
  for (;;) {
    ssize_t length = read(from, buffer, sizeof buffer);
    if (length == 0) return 0;
    if (length < 0) return fail("read", path);
    if (write(to, buffer, (size_t)length) != length) return fail("write", path);
  }
}

static int copy_file(const char *source, const char *target) {
  int from = open(source, O_RDONLY | O_CLOEXEC);
  if (from < 0) return fail("open", source);
  int to = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  int result = to < 0 ? fail("create", target) : copy_bytes(from, to, target);
  if (to >= 0) close(to);
  close(from);
  return result;
}

static int copy_link(const char *source, const char *target) {
  char text[PATH_MAX];
  ssize_t length = readlink(source, text, sizeof text - 1);
  if (length < 0) return fail("readlink", source);
  text[length] = 0;
  if (symlink(text, target) < 0) return fail("symlink", target);
  return 0;
}

static bool is_directory(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool is_public_file(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & S_IROTH);
}

static int copy_private_etc(const char *directory) {
  DIR *entries = opendir(directory);
  if (!entries) return fail("opendir", directory);
  int result = 0;
  for (struct dirent *entry; result == 0 && (entry = readdir(entries));) {
    char source[PATH_MAX], target[PATH_MAX];
    snprintf(source, sizeof source, "%s/%s", directory, entry->d_name);
    snprintf(target, sizeof target, "etc/%s", entry->d_name);
    if (entry->d_type == DT_REG) result = copy_file(source, target);
  }
  closedir(entries);
  return result;
}

static int show_etc_packages(void) {
  DIR *entries = opendir("/etc");
  if (!entries) return 0;
  int result = 0;
  for (struct dirent *entry; result == 0 && (entry = readdir(entries));) {
    for (size_t i = 0; i < COUNT(etc_prefixes); i++) {
      char source[PATH_MAX];
      snprintf(source, sizeof source, "/etc/%s", entry->d_name);
      if (strncmp(entry->d_name, etc_prefixes[i], strlen(etc_prefixes[i])) == 0 &&
          is_directory(source)) {
        result = show_directory(source, source + 1);
      }
    }
  }
  closedir(entries);
  return result;
}

static int make_etc(const char *directory) {
  char source[PATH_MAX];
  if (copy_private_etc(directory) < 0) return -1;
  for (size_t i = 0; i < COUNT(etc_directories); i++) {
    snprintf(source, sizeof source, "/etc/%s", etc_directories[i]);
    if (is_directory(source) && show_directory(source, source + 1) < 0) return -1;
  }
  for (size_t i = 0; i < COUNT(etc_files); i++) {
    snprintf(source, sizeof source, "/etc/%s", etc_files[i]);
    if (!is_public_file(source)) continue;
    char parent[PATH_MAX];
    snprintf(parent, sizeof parent, "%s", source + 1);
    *strrchr(parent, '/') = 0;
    if (make_directories(parent) < 0 || copy_file(source, source + 1) < 0) return -1;
  }
  return show_etc_packages();
}

static int make_devices(void) {
  for (size_t i = 0; i < COUNT(devices); i++) {
    char path[64];
    snprintf(path, sizeof path, "dev/%s", devices[i].name);
    if (mknod(path, S_IFCHR | 0666, makedev(1, devices[i].minor)) < 0) return fail("mknod", path);
  }
  return 0;
}

static int make_links(void) {
  for (size_t i = 0; i < COUNT(links); i++) {
    if (symlink(links[i].target, links[i].link) < 0) return fail("symlink", links[i].link);
  }
  return 0;
}

static int show_usr(bool host_local) {
  if (show_directory("/usr", "usr") < 0) return -1;
  for (size_t i = 0; i < COUNT(beside_usr); i++) {
    char source[64];
    struct stat status;
    snprintf(source, sizeof source, "/%s", beside_usr[i]);
    if (lstat(source, &status) < 0) continue;
    int result = S_ISLNK(status.st_mode) ? copy_link(source, source + 1)
                                         : show_directory(source, source + 1);
    if (result < 0) return -1;
  }
  if (!is_directory("usr/local")) return 0;
  int local = read_only_tree(host_local ? "/usr/local" : "var/empty");
  if (local < 0) return -1;
  int result = attach_tree(local, "usr/local");
  close(local);
  return result;
}

static void find_what_to_hide(void) {
  for (size_t i = 0; i < COUNT(hidden_files); i++) {
    if (access(hidden_files[i], F_OK) == 0) files_to_hide[files_to_hide_count++] = hidden_files[i];
  }
  for (size_t i = 0; i < COUNT(hidden_directories); i++) {
    if (is_directory(hidden_directories[i])) {
      directories_to_hide[directories_to_hide_count++] = hidden_directories[i];
    }
  }
}

/* Fills the new root, which is the working directory, while the host's is still in place. */
static int fill_root(const struct root_options *options) {
  for (size_t i = 0; i < COUNT(directories); i++) {
    if (mkdir(directories[i], 0755) < 0) return fail("mkdir", directories[i]);
  }
  if (make_devices() < 0 || make_links() < 0 || show_usr(options->host_local) < 0 ||
      make_etc(options->etc_directory) < 0) {
    return -1;
  }
  find_what_to_hide();
  return 0;
}

/* Runs in the new mount namespace. */
static int make_root(const struct root_options *options) {
  char place[PATH_MAX];
  snprintf(place, sizeof place, "%s/root", options->work_directory);
  if (mkdir(place, 0700) < 0 && errno != EEXIST) return fail("mkdir", place);
  if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) return fail("mount-private", "/");
  if (mount("lambic", place, "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755,size=4m,nr_inodes=2048") <
      0) {
    return fail("mount-root", place);
  }
  if (chdir(place) < 0) return fail("chdir", place);
  if (fill_root(options) < 0) return -1;
  if (syscall(SYS_pivot_root, ".", ".") < 0) return fail("pivot-root", place);
  if (umount2(".", MNT_DETACH) < 0) return fail("umount-host", "");
  if (chdir("/") < 0) return fail("chdir", "/");
  if (sys_mount_setattr(AT_FDCWD, "/", 0,
                        MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC) < 0) {
    return fail("mount-setattr", "/");
  }
  return 0;
}

int remember_host(void) {
  struct stat before, after;
  host_mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
  if (host_mounts < 0 || stat("/", &before) < 0) return fail("open", "/proc/self/ns/mnt");
  return_to_host();
  if (stat("/", &after) < 0) return fail("stat", "/");
  errno = EPERM; /* the kernel allows no user namespaces there */
  if (before.st_dev != after.st_dev || before.st_ino != after.st_ino) return fail("chroot", "/");
  return 0;
}

/* Without its own view of the host the launcher is of no use. */
void return_to_host(void) {
  if (setns(host_mounts, CLONE_NEWNS) < 0) exit(1);
}

int build_template(const struct root_options *options) {
  umask(0);
  int template = -1;
  if (unshare(CLONE_NEWNS) < 0) {
    fail("unshare-mounts", "");
  } else {
    /* Opened through the old /proc, for the new root has none. */
    template = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (template < 0) {
      fail("open", "/proc/self/ns/mnt");
    } else if (make_root(options) < 0) {
      close(template);
      template = -1;
    }
    return_to_host();
  }
  umask(077);
  return template;
}

static int mount_tmp(int tmp_mount, uint64_t tmp_bytes, uint32_t host_id) {
  char options[96];
  if (tmp_mount >= 0) {
    if (attach_tree(tmp_mount, "/tmp") < 0) return -1;
    if (chown("/tmp", host_id + 1, host_id + 1) < 0) return fail("chown", "/tmp");
    return 0;
  }
  snprintf(options, sizeof options, "mode=1777,uid=%u,gid=%u,size=%llu", host_id + 1, host_id + 1,
           (unsigned long long)tmp_bytes);
  if (mount("tmp", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, options) < 0) return fail("mount", "/tmp");
  return 0;
}

/* What images get of the template: no devices but these, and no network but their own. */
static const char *const shown_in_images[] = {"/dev", "/etc/hosts", "/etc/resolv.conf"};
static const char *const moved_into_images[] = {"/proc", "/tmp"};

/* Attaches a tree at its place in the image, which is mounted at /mnt. */
static int attach_in_image(int tree, const char *path) {
  char target[64];
  if (tree < 0) return fail("open-tree", path);
  snprintf(target, sizeof target, "/mnt%s", path);
  int result = attach_tree(tree, target);
  close(tree);
  return result;
}

int enter_image(int tree) {
  if (attach_tree(tree, "/mnt") < 0) return -1;
  for (size_t i = 0; i < COUNT(shown_in_images); i++) {
    /* With the flags of the template's root: read-only, but devices are devices. */
    if (attach_in_image(sys_open_tree(shown_in_images[i]), shown_in_images[i]) < 0) return -1;
  }
  for (size_t i = 0; i < COUNT(moved_into_images); i++) {
    /* Not a copy: the mount itself, with what is mounted below it. */
    if (attach_in_image(sys_open_no_links(moved_into_images[i]), moved_into_images[i]) < 0) {
      return -1;
    }
  }
  if (chdir("/mnt") < 0) return fail("chdir", "/mnt");
  if (syscall(SYS_pivot_root, ".", ".") < 0) return fail("pivot-root", "/mnt");
  if (umount2(".", MNT_DETACH) < 0) return fail("umount-template", "");
  if (chdir("/") < 0) return fail("chdir", "/");
  return 0;
}

int mount_own(int tmp_mount, uint64_t tmp_bytes, uint32_t host_id) {
  if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "hidepid=invisible") < 0) {
    return fail("mount", "/proc");
  }
  for (unsigned i = 0; i < files_to_hide_count; i++) {
    if (mount("/dev/null", files_to_hide[i], NULL, MS_BIND, NULL) < 0) {
      return fail("hide", files_to_hide[i]);
    }
  }
  for (unsigned i = 0; i < directories_to_hide_count; i++) {
    if (mount("/var/empty", directories_to_hide[i], NULL, MS_BIND, NULL) < 0) {
      return fail("hide", directories_to_hide[i]);
    }
  }
  if (mount("/proc/sys", "/proc/sys", NULL, MS_BIND, NULL) < 0 ||
      sys_mount_setattr(AT_FDCWD, "/proc/sys", 0, MOUNT_ATTR_RDONLY) < 0) {
    return fail("mount", "/proc/sys");
  }
  return mount_tmp(tmp_mount, tmp_bytes, host_id);
}
