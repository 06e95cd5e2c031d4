/*
 * The launcher makes sandboxes and starts programs in them. One process, one thread, one epoll
 * loop; it waits for nothing but its loop, so a sandbox that hangs holds up nobody else. Deadlines
 * are the business of the server, which ends a sandbox that takes too long.
 *
 * Terms: a "shell" is a sandbox whose first process (pid 1 inside, a copy of this program, see
 * init.c) waits for commands. The "template" is a mount namespace that holds the root file system
 * common to all shells; each shell starts from a copy of it.
 */
#ifndef LAMBIC_LAUNCHER_H
#define LAMBIC_LAUNCHER_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

/* The function's user and group inside, as on Lambda; the first process of a shell is user 0. */
enum { FUNCTION_UID = 993, FUNCTION_GID = 990 };

/* Host ids of a shell: the first for the user 0 inside, the second for the function. */
enum { IDS_PER_SHELL = 2 };

enum { MESSAGE_MAX = 192 * 1024, DESCRIPTORS_MAX = 32, SHELLS_MAX = 32768, PATH_LENGTH = 512 };

/* ---- errors: every function that can fail returns -1 and leaves the failed step here ---- */

struct failure {
  const char *step;
  int error;
  char path[PATH_LENGTH];
};
extern struct failure failure;

/* Records the step with the current errno; always returns -1. */
int fail(const char *step, const char *path);

/* ---- messages (protocol.c) ---- */

enum message_type {
  /* server to launcher */
  CREATE = 1, /* u32 kind, u32 slot of the template of a forkable one, u32 cgroup version, texts of
                 cgroup paths, text of the file of the freezer that thaws or empty, text host name, u64 bytes of /tmp, text directory of the image
                 that is the root or empty for the template's, u32 1 if what runs in it may be
                 checkpointed and restored */
  ATTACH = 2, /* u32 n, then n pairs of texts: source, target */
  SHARE = 8,  /* u32 id on the disk, u32 n, then n pairs of texts: source, name below /mnt */
  START = 3,  /* u32 process, u32 whether it serves forks, texts argv, texts environment, text
                 directory; pipe attached */
  SIGNAL = 4, /* u32 process, u32 signal */
  KILL = 5,
  CLEAR = 6, /* ends every program; answered when none is left */
  CHECKPOINT = 12, /* text directory of the image, text directory of criu, text directory of its
                      cache, u64 most bytes of /tmp, u64 most bytes of memory */
  RESTORE = 13,    /* u32 process, u32 its pid in the image, u64 inode of its output pipe in the
                      image, the three directories, u32 cgroup version, texts of cgroup paths; pipe
                      attached */
  FORK = 7,   /* u32 process, texts of files that join the cgroups, text argument; pipe attached */
  /* launcher to server */
  DONE = 16,   /* to CREATE: u32 pid, network namespace attached; to CHECKPOINT: u32 pid, u64 inode
                  of the output pipe, both for RESTORE; to the others: nothing */
  FAILED = 17, /* text step, u32 errno, text path */
  EXITED = 18, /* u32 process, u32 code, u32 signal */
  GONE = 19,
  /* first process to launcher, and its answer */
  MAP_IDS = 32,
  IDS_MAPPED = 33,
  READY = 34,
  MOVED = 35, /* u32 pid: another process is the first one from now on */
  ADOPT = 36, /* u32 process, u32 pid inside: a restored program that is stopped, to go on */
  PREPARED = 37, /* the first process of a forkable shell may go on */
  TAKE_IN = 38,  /* u32 process, u32 pid: the fork is one of the programs; not answered */
};

/*
 * A template runs a program that forks itself into forkable shells, which are made for it: their
 * user namespaces are children of the template's, as are their pid namespaces.
 */
enum kind { PLAIN, TEMPLATE, FORKABLE };
/*
 * For CREATE: a template in which a function's code runs. Its program has the filter of all programs,
 * and its forks are moved into their shells from outside (operate.c).
 */
enum { GUARDED_TEMPLATE = 3 };

/* Every message starts so; numbers are in the byte order of the machine. */
struct header {
  uint32_t type;
  uint32_t request;
  uint32_t shell;
};

struct reader {
  unsigned char *at;
  unsigned char *end;
  bool bad;
};

struct writer {
  size_t length;
  unsigned char bytes[2048];
};

struct reader read_after_header(unsigned char *message, size_t length);
uint32_t take_u32(struct reader *reader);
uint64_t take_u64(struct reader *reader);
/* A text that ends with NUL inside the message. */
char *take_text(struct reader *reader);
/* Fills texts with at most max pointers and a final NULL; returns their number. */
uint32_t take_texts(struct reader *reader, char **texts, uint32_t max);

void put_header(struct writer *writer, uint32_t type, uint32_t request, uint32_t shell);
void put_u32(struct writer *writer, uint32_t value);
void put_u64(struct writer *writer, uint64_t value);
void put_text(struct writer *writer, const char *text);
/* The failure above as a FAILED message. */
void put_failure(struct writer *writer, uint32_t request, uint32_t shell);

/* Sends one message, with a descriptor unless fd is -1; never blocks. */
int send_message(int socket, const void *bytes, size_t length, int fd);
/* The same with some descriptors; the message is given in two parts. */
int send_descriptors(int socket, const void *head, size_t head_length, const void *tail,
                     size_t tail_length, const int *fds, uint32_t count);
enum patience { WAIT, POLL };
/*
 * Receives one message; *fd is the attached descriptor or -1. Returns the length, 0 at the end of
 * the connection, -1 on error (EAGAIN when there is none and it should not wait).
 */
ssize_t receive_message(int socket, enum patience patience, void *bytes, size_t size, int *fd);

/* ---- root file system (root.c) ---- */

struct root_options {
  const char *work_directory; /* holds the mount point on which the template is built */
  const char *etc_directory;  /* files of the private /etc */
  bool host_local;            /* whether /usr/local is seen */
};

/* To be called once, before the launcher leaves its own mount namespace; refuses a chroot. */
int remember_host(void);
/* Back to the launcher's own mount namespace; ends the launcher on failure. */
void return_to_host(void);
/* Builds the template; returns its mount namespace, or -1. */
int build_template(const struct root_options *options);
/* Mounts what differs between shells; runs in the mount namespace of the shell. */
int mount_own(int tmp_mount, uint64_t tmp_bytes, uint32_t host_id);
/*
 * Makes the image the root of the shell, with the shell's own /dev, /proc, /tmp and network names
 * in it; runs after mount_own, and what was the root before is gone then.
 */
int enter_image(int tree);
/* A detached read-only copy of a directory or file. */
int read_only_tree(const char *source);
int attach_tree(int tree, const char *target);

/* ---- directories that sandboxes share (share.c) ---- */

/*
 * A detached copy of a directory of the host, writable, in which what belongs to disk_id, user and
 * group, belongs to the host's user and group owner.
 */
int shared_tree(const char *source, uint32_t disk_id, uint32_t owner);

/* ---- file systems for /tmp (tmp.c) ---- */

/* Starts the process that makes them; returns its socket. */
int start_tmp_maker(const char *work_directory);
int request_tmp(int maker, uint64_t bytes, uint32_t shell);

/* ---- the shells (shells.c; what they are made of is in shells.h) ---- */

struct launcher {
  int server;      /* socket to the server, -1 when that is gone */
  int events;      /* epoll */
  int template;    /* namespace that shells are cloned from */
  int maker;       /* socket to the maker of /tmp file systems */
  uint32_t first_host_id;
  bool tmp_in_memory; /* /tmp is a tmpfs, for want of loop devices */
  uint32_t ready_tmps;
};
extern struct launcher launcher;

/* What the launcher ignores, and programs must not. */
extern const int ignored_signals[4];

/* What an event is about; the slot of the shell is in the lower half of the epoll data. */
enum event_source {
  SERVER, MAKER, SHELL_CONTROL, SHELL_END, SHELL_JOB, SHELL_BIRTH, TEMPLATE_PROGRAM,
  TEMPLATE_ANSWER,
  SHELL_OPERATION
};
int watch(int fd, enum event_source source, uint32_t slot);

/* Only for its other side's end. */
int watch_end(int fd, enum event_source source, uint32_t slot);

/* Closes what is watched. A child that has a copy of it would keep its events coming otherwise. */
void close_watched(int fd);

/* Sends to the server; ends the launcher if the server does not take it for long. */
void tell_server(const void *bytes, size_t length, int fd);

void shell_command(struct header header, unsigned char *message, size_t length, int fd);
void shell_control_event(uint32_t slot);
void shell_end_event(uint32_t slot);
void shell_job_event(uint32_t slot);
void shell_birth_event(uint32_t slot);
void template_answer_event(uint32_t slot);
void shell_operation_event(uint32_t slot);
/* The program of a template has ended. */
void lose_program(uint32_t slot);
/* Ends all shells; returns how many processes there are to wait for. */
uint32_t kill_all_shells(void);
uint32_t living_shells(void);
/* Asks for file systems until enough are ready or on their way. */
void refill_tmps(void);
void tmp_event(void);

/* ---- the first process of a shell (init.c) ---- */

/* What a shell is made of. */
struct plan {
  enum kind kind;
  bool guarded;      /* a template's program may be hostile */
  uint32_t template; /* slot of it, for a forkable shell */
  uint32_t slot;
  uint32_t host_id;
  uint32_t cgroup_version;
  int cgroups[8]; /* v1: the open tasks files; v2: the directory */
  uint32_t cgroup_count;
  char *thaw;             /* file of the freezer that thaws, or empty */
  char hostname[65];
  uint64_t tmp_bytes;
  int tmp_mount; /* -1: a tmpfs */
  int image;     /* tree that becomes the root; -1: the template's stays it */
  bool snapshots; /* the user namespace of the shell owns its pid namespace, as criu needs it */
};

/* Runs in the new process and never returns. */
void run_first_process(const struct plan *plan, int control) __attribute__((noreturn));
/* The same for a forkable shell, whose mounts the launcher makes. */
void run_forkable_first_process(const struct plan *plan, int control) __attribute__((noreturn));

/* Makes 127.0.0.1 work in the network namespace of the caller. */
int raise_loopback(void);

/* ---- checkpoints and restores (snapshot.c) ---- */

/* What a job needs; its descriptors stay the caller's. */
struct snapshot_job {
  enum message_type type; /* CHECKPOINT or RESTORE */
  pid_t first;            /* the first process of the shell */
  int first_pidfd;
  uint32_t owner; /* host id of the function */
  uint32_t pid;   /* of the program, inside */
  uint64_t pipe;  /* inode of the program's output pipe when it was checkpointed */
  uint64_t tmp_bytes;    /* most that is copied of /tmp */
  uint64_t memory_bytes; /* most that the programs may have in memory */
  int images;     /* directory */
  int tool;       /* directory of criu, with ld.so if it has libraries of its own */
  int cache;      /* directory of criu.kdat and criu-compat.so */
  int output;     /* -1 for a checkpoint */
  uint32_t cgroup_version;
  int cgroups[8];
  uint32_t cgroup_count;
};

/* Starts a process that does it; returns its socket, on which DONE or FAILED comes, or -1. */
int start_snapshot_job(const struct snapshot_job *job, pid_t *pid);
/* The whole of a small file; cut off at the size. */
int read_text(const char *path, char *text, size_t size);
/*
 * The number inside of the one program of a shell; -1 if there are others beside it, or more in
 * memory than may be checkpointed (restored.c).
 */
pid_t find_main_program(pid_t first, uint64_t memory_bytes);
/* Whether restored programs have what started ones have and no more; -1 if not (restored.c). */
int check_restored(const struct snapshot_job *job);
/* Writes criu's knowledge of this kernel to criu.kdat in a directory; for main. */
int make_criu_cache(const char *tool, const char *directory);

/* ---- system call filter (filter.c) ---- */

/* Compiles the filters, once. */
void build_filters(void);
/* Puts the calling process and its children under its filter; needs no_new_privs. */
int install_filter(enum kind kind);

/* ---- what this host can do (probe.c) ---- */
int probe(const char *work_directory);

/* ---- system calls without a wrapper in older C libraries (system.c) ---- */
int sys_pidfd_send_signal(int pidfd, int signal);
int sys_open_tree(const char *path);
int sys_mount_setattr(int fd, const char *path, unsigned flags, uint64_t set);
int sys_move_mount(int from, int to);
int sys_close_range(unsigned first, unsigned last);
int sys_fsopen(const char *type);
int sys_fsconfig(int fd, unsigned command, const char *key, const char *value);
int sys_fsmount(int fd, unsigned attributes);
int sys_open_no_links(const char *path);
int sys_pidfd_open(pid_t pid);
/* clone3 with a pidfd; into_cgroup is a directory of cgroup v2 or -1. */
pid_t sys_clone(uint64_t flags, int *pidfd, int into_cgroup);
/* clone3 with a number of its own in the pid namespace of the caller's children. */
pid_t sys_clone_as(pid_t number);
/*
 * clone3 of a sibling with a pidfd; its number is written to *pid before this process can be ended,
 * unless that is NULL.
 */
pid_t sys_clone_sibling(uint64_t flags, int *pidfd, pid_t *pid);
/* Writes a short text to an existing file. */
int write_file(const char *path, const char *text);
int write_file_at(int directory, const char *path, const char *text);

#endif
