/*
 * The system call filter of a sandbox.
 *
 * A deny list with an upper end: calls newer than LAST_KNOWN look absent, so a new kernel does not
 * widen what functions reach. The list becomes a binary tree over call numbers, because every call
 * of a function pays for the walk. The tests call each row from inside.
 */
#include "launcher.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "the filter knows x86-64 and AArch64 only"
#endif

/* futex_requeue of Linux 6.7; x86's x32 calls have far larger numbers and so look absent too. */
enum { LAST_KNOWN = 456 };

/* Of linux/btrfs.h: subvolumes and snapshots, which need no privilege there. */
enum {
  BTRFS_SNAP_CREATE = 0x50009401,
  BTRFS_SUBVOL_CREATE = 0x5000940e,
  BTRFS_SNAP_CREATE_V2 = 0x50009417,
  BTRFS_SUBVOL_CREATE_V2 = 0x50009418,
};

enum action {
  ALLOW, DENY, ABSENT, SEEM, SOCKET, SOCKETPAIR, CLONE, UNSHARE, IOCTL, PERSONALITY, LIMIT, OLD_LIMIT
};

static const struct rule {
  unsigned number;
  enum action action;
} rules[] = {
    /* seeing into or steering other processes */
    {SYS_ptrace, DENY},
    {SYS_process_vm_readv, DENY},
    {SYS_process_vm_writev, DENY},
    {SYS_kcmp, DENY},
    {SYS_process_madvise, DENY},
    {438 /* pidfd_getfd */, DENY},
    {SYS_move_pages, DENY},
    {SYS_migrate_pages, DENY},
    /* mounts and roots */
    {SYS_mount, DENY},
    {SYS_umount2, DENY},
    {SYS_pivot_root, DENY},
    {SYS_chroot, DENY},
    {428 /* open_tree */, DENY},
    {429 /* move_mount */, DENY},
    {430 /* fsopen */, DENY},
    {431 /* fsconfig */, DENY},
    {432 /* fsmount */, DENY},
    {433 /* fspick */, DENY},
    {442 /* mount_setattr */, DENY},
    {SYS_name_to_handle_at, DENY},
    {SYS_open_by_handle_at, DENY},
    {SYS_quotactl, DENY},
    {443 /* quotactl_fd */, DENY},
    {SYS_swapon, DENY},
    {SYS_swapoff, DENY},
    {SYS_fanotify_init, DENY},
    {SYS_fanotify_mark, DENY},
    /* namespaces; clone3 passes flags in memory, which a filter cannot see */
    {SYS_setns, DENY},
    {SYS_unshare, UNSHARE},
    {SYS_clone, CLONE},
    {435 /* clone3 */, ABSENT},
    /* parts of the kernel with a large surface that functions have no use for */
    {SYS_bpf, DENY},
    {SYS_perf_event_open, DENY},
    {SYS_userfaultfd, DENY},
    {425 /* io_uring_setup */, DENY},
    {426 /* io_uring_enter */, DENY},
    {427 /* io_uring_register */, DENY},
    {SYS_add_key, DENY},
    {SYS_request_key, DENY},
    {SYS_keyctl, DENY},
    {SYS_socket, SOCKET},
    {SYS_socketpair, SOCKETPAIR},
    {SYS_ioctl, IOCTL},
    {SYS_personality, PERSONALITY},
    {SYS_prlimit64, LIMIT},
    /* they would write back all that the host holds; nothing of a function needs to last */
    {SYS_sync, SEEM},
    {SYS_syncfs, SEEM},
    /* the host itself */
    {SYS_init_module, DENY},
    {SYS_finit_module, DENY},
    {SYS_delete_module, DENY},
    {SYS_kexec_load, DENY},
    {SYS_kexec_file_load, DENY},
    {SYS_reboot, DENY},
    {SYS_syslog, DENY},
    {SYS_acct, DENY},
    {SYS_vhangup, DENY},
    {SYS_sethostname, DENY},
    {SYS_setdomainname, DENY},
    {SYS_settimeofday, DENY},
    {SYS_clock_settime, DENY},
    {SYS_clock_adjtime, DENY},
    {SYS_adjtimex, DENY},
    {SYS_nfsservctl, DENY},
    {SYS_lookup_dcookie, DENY},
#if defined(SYS_setrlimit)
    {SYS_setrlimit, OLD_LIMIT},
#endif
#if defined(__x86_64__)
    {SYS_iopl, DENY},
    {SYS_ioperm, DENY},
    {SYS_modify_ldt, DENY},
    {SYS_uselib, DENY},
    {SYS_sysfs, DENY},
    {SYS__sysctl, DENY},
    {SYS_create_module, DENY},
    {SYS_get_kernel_syms, DENY},
    {SYS_query_module, DENY},
#endif
};

enum { RULES = sizeof rules / sizeof rules[0], INSTRUCTIONS_MAX = 1024 };

/* Calls from a number up to the next segment's share an action. */
static struct rule segments[2 * RULES + 4];
static unsigned segment_count;

/* What is being compiled, and what was. */
static struct sock_filter code[INSTRUCTIONS_MAX];
static unsigned code_length;
static struct compiled {
  struct sock_filter code[INSTRUCTIONS_MAX];
  unsigned short length;
} for_programs, for_templates;

static void emit(uint16_t operation, uint32_t k, unsigned if_true, unsigned if_false) {
  if (code_length == INSTRUCTIONS_MAX || if_true > 255 || if_false > 255) abort();
  code[code_length++] =
      (struct sock_filter){operation, (uint8_t)if_true, (uint8_t)if_false, k};
}

static void load(size_t offset) { emit(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0); }

/* The lower half of an argument, which is all that the kernel looks at in the calls below. */
static void load_argument(unsigned index) {
  load(offsetof(struct seccomp_data, args) + index * sizeof(uint64_t));
}

static void give(uint32_t result) { emit(BPF_RET | BPF_K, result, 0, 0); }

static uint32_t refusal(int error) { return SECCOMP_RET_ERRNO | (uint32_t)error; }

/* Continues with the next instruction if equal, else skips it. */
static void if_equal(uint32_t value) { emit(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1); }

static void if_any_bit(uint32_t bits) { emit(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1); }

static void give_if_equal(uint32_t value, uint32_t result) {
  if_equal(value);
  give(result);
}

static void emit_action(enum action action) {
  const uint32_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                              CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
  switch (action) {
    case ALLOW:
      give(SECCOMP_RET_ALLOW);
      return;
    case DENY:
      give(refusal(EPERM));
      return;
    case ABSENT:
      give(refusal(ENOSYS));
      return;
    case SEEM: /* success without a deed */
      give(SECCOMP_RET_ERRNO);
      return;
    case SOCKET: /* an allow list; of netlink only protocol 0, routes, which getifaddrs reads */
      load_argument(0);
      give_if_equal(AF_UNIX, SECCOMP_RET_ALLOW);
      give_if_equal(AF_INET, SECCOMP_RET_ALLOW);
      give_if_equal(AF_INET6, SECCOMP_RET_ALLOW);
      emit(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 1, 0);
      give(refusal(EPERM));
      load_argument(2);
      give_if_equal(0, SECCOMP_RET_ALLOW);
      give(refusal(EPERM));
      return;
    case SOCKETPAIR:
      load_argument(0);
      give_if_equal(AF_UNIX, SECCOMP_RET_ALLOW);
      give(refusal(EPERM));
      return;
    case CLONE:
      load_argument(0);
      if_any_bit(namespaces);
      give(refusal(EPERM));
      give(SECCOMP_RET_ALLOW);
      return;
    case UNSHARE:
      load_argument(0);
      if_any_bit(namespaces | 0x80 /* CLONE_NEWTIME */);
      give(refusal(EPERM));
      give(SECCOMP_RET_ALLOW);
      return;
    case IOCTL: /* typing into a terminal of somebody else; file systems in file systems */
      load_argument(1);
      give_if_equal(TIOCSTI, refusal(EPERM));
      give_if_equal(TIOCLINUX, refusal(EPERM));
      emit(BPF_JMP | BPF_JEQ | BPF_K, BTRFS_SNAP_CREATE, 3, 0);
      emit(BPF_JMP | BPF_JEQ | BPF_K, BTRFS_SUBVOL_CREATE, 2, 0);
      emit(BPF_JMP | BPF_JEQ | BPF_K, BTRFS_SNAP_CREATE_V2, 1, 0);
      emit(BPF_JMP | BPF_JEQ | BPF_K, BTRFS_SUBVOL_CREATE_V2, 0, 1);
      give(refusal(EPERM));
      give(SECCOMP_RET_ALLOW);
      return;
    case PERSONALITY: /* plain, 32-bit uname, old uname, both, query */
      load_argument(0);
      give_if_equal(0, SECCOMP_RET_ALLOW);
      give_if_equal(0x0008, SECCOMP_RET_ALLOW);
      give_if_equal(0x20000, SECCOMP_RET_ALLOW);
      give_if_equal(0x20008, SECCOMP_RET_ALLOW);
      give_if_equal(0xffffffff, SECCOMP_RET_ALLOW);
      give(refusal(EPERM));
      return;
    case LIMIT:
      /*
       * A size limit of 1 for core dumps keeps the kernel from handing a crash to the host's core
       * dump program, a limit of 0 would not; so to change it only seems to work.
       */
      load_argument(1);
      emit(BPF_JMP | BPF_JEQ | BPF_K, RLIMIT_CORE, 1, 0);
      give(SECCOMP_RET_ALLOW);
      load_argument(2);
      emit(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
      give(SECCOMP_RET_ERRNO);
      load(offsetof(struct seccomp_data, args) + 2 * sizeof(uint64_t) + sizeof(uint32_t));
      emit(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
      give(SECCOMP_RET_ERRNO);
      give(SECCOMP_RET_ALLOW);
      return;
    case OLD_LIMIT:
      load_argument(0);
      give_if_equal(RLIMIT_CORE, SECCOMP_RET_ERRNO);
      give(SECCOMP_RET_ALLOW);
      return;
  }
  abort();
}

static int by_number(const void *left, const void *right) {
  unsigned a = ((const struct rule *)left)->number;
  unsigned b = ((const struct rule *)right)->number;
  return a < b ? -1 : a > b;
}

static void add_segment(unsigned number, enum action action) {
  if (segment_count > 0 && segments[segment_count - 1].number == number) {
    segments[segment_count - 1].action = action;
  } else if (segment_count == 0 || segments[segment_count - 1].action != action) {
    segments[segment_count++] = (struct rule){number, action};
  }
}

/* The program of a template enters the sandboxes that were made for it, which its forks cannot. */
static enum action action_for(const struct rule *rule, enum kind kind) {
  return kind == TEMPLATE && rule->number == SYS_setns ? ALLOW : rule->action;
}

static void cut_segments(enum kind kind) {
  struct rule sorted[RULES];
  for (unsigned i = 0; i < RULES; i++) {
    sorted[i] = (struct rule){rules[i].number, action_for(&rules[i], kind)};
  }
  segment_count = 0;
  qsort(sorted, RULES, sizeof sorted[0], by_number);
  add_segment(0, ALLOW);
  for (unsigned i = 0; i < RULES; i++) {
    add_segment(sorted[i].number, sorted[i].action);
    if (i + 1 == RULES || sorted[i + 1].number != sorted[i].number + 1) {
      add_segment(sorted[i].number + 1, ALLOW);
    }
  }
  add_segment(LAST_KNOWN + 1, ABSENT);
}

static void emit_tree(unsigned first, unsigned last) {
  if (first == last) {
    emit_action(segments[first].action);
    return;
  }
  unsigned middle = (first + last + 1) / 2;
  unsigned branch = code_length;
  emit(BPF_JMP | BPF_JGE | BPF_K, segments[middle].number, 0, 0);
  emit_tree(first, middle - 1);
  unsigned distance = code_length - branch - 1;
  if (distance > 255) abort();
  code[branch].jt = (uint8_t)distance;
  emit_tree(middle, last);
}

static void compile(struct compiled *result, enum kind kind) {
  code_length = 0;
  cut_segments(kind);
  load(offsetof(struct seccomp_data, arch));
  emit(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0);
  give(SECCOMP_RET_KILL_PROCESS);
  load(offsetof(struct seccomp_data, nr));
  emit_tree(0, segment_count - 1);
  memcpy(result->code, code, sizeof code);
  result->length = (unsigned short)code_length;
}

void build_filters(void) {
  compile(&for_programs, PLAIN);
  compile(&for_templates, TEMPLATE);
}

int install_filter(enum kind kind) {
  struct compiled *filter = kind == TEMPLATE ? &for_templates : &for_programs;
  struct sock_fprog program = {.len = filter->length, .filter = filter->code};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) return fail("seccomp", "");
  return 0;
}
