"""Attempts to gain power: over mounts, namespaces, processes and the kernel."""

import ctypes
import errno
import mmap
import os
import resource
import signal
import struct
import subprocess

from hostile_calls import NEW_MOUNTS, NEW_NETWORK, NEW_PIDS, NEW_USER, call, libc, refuse, write


# --- mounts and roots ---

def try_mount_a_tmpfs(event):
    return call("mount", "x", "/tmp", "tmpfs", 0, None)


def try_mount_the_control_groups(event):
    os.makedirs("/tmp/groups", exist_ok=True)
    return call("mount", "x", "/tmp/groups", "cgroup2", 0, None)


def try_bind_over_the_code(event):
    return call("mount", "/tmp", "/var/task", None, 4096, None)


def try_remount_usr_writable(event):
    return call("mount", None, "/usr", None, 32 | 4096, None)


def try_unmount_proc(event):
    return call("umount2", "/proc", 2)


def try_unmount_what_hides_files(event):
    return call("umount2", "/proc/kcore", 2)


def try_pivot_the_root(event):
    os.chdir("/tmp")
    return call("pivot_root", ".", ".")


def try_chroot(event):
    os.makedirs("/tmp/jail", exist_ok=True)
    return call("chroot", "/tmp/jail")


def try_open_a_tree(event):
    return call("open_tree", -100, "/", 1)


def try_move_a_mount(event):
    root = os.open("/", os.O_PATH)
    return call("move_mount", root, "", root, "tmp", 4)


def try_open_a_file_system(event):
    return call("fsopen", "tmpfs", 0)


def try_change_a_mounts_attributes(event):
    return call("mount_setattr", -100, "/usr", 0, struct.pack("QQQQ", 0, 1, 0, 0), 32)


def try_handle_of_a_file(event):
    return call("name_to_handle_at", -100, "/usr", bytes(64), bytes(8), 0)


def try_open_by_handle(event):
    handle = struct.pack("Ii", 8, 1) + struct.pack("II", 2, 0)
    return call("open_by_handle_at", os.open("/usr", os.O_RDONLY), handle, 0)


# --- namespaces ---

def try_own_user_namespace(event):
    return call("unshare", NEW_USER)


def try_own_mount_namespace(event):
    return call("unshare", NEW_MOUNTS)


def try_own_network_namespace(event):
    return call("unshare", NEW_NETWORK)


def try_clone_into_user_namespace(event):
    child = call("clone", NEW_USER | signal.SIGCHLD, None, None, None, None)
    if child == 0:
        os._exit(0)
    return child


def try_clone3(event):
    child = call("clone3", struct.pack("Q", NEW_USER | NEW_PIDS).ljust(64, b"\0"), 64)
    if child == 0:
        os._exit(0)
    return child


def try_enter_the_first_process(event):
    return call("setns", os.open("/proc/1/ns/mnt", os.O_RDONLY), 0)


def try_enter_by_pidfd(event):
    return call("setns", call("pidfd_open", 1, 0), NEW_MOUNTS | NEW_NETWORK)


def try_map_ids(event):
    return write("/proc/self/uid_map", "0 0 1")


# --- other processes ---

def try_trace_the_first_process(event):
    return call("ptrace", 0x4206, 1, None, None)


def try_be_traced(event):
    return call("ptrace", 0, 0, None, None)


def try_read_memory_of_the_first_process(event):
    return open("/proc/1/mem", "rb").read(1)


def try_write_memory_of_the_first_process(event):
    return open("/proc/1/mem", "wb").write(b"x")


def try_read_memory_by_call(event):
    return call("process_vm_readv", 1, bytes(16), 1, bytes(16), 1, 0)


def try_write_memory_by_call(event):
    return call("process_vm_writev", os.getpid(), bytes(16), 1, bytes(16), 1, 0)


def try_take_a_descriptor(event):
    return call("pidfd_getfd", call("pidfd_open", 1, 0), 3, 0)


def try_compare_processes(event):
    return call("kcmp", 1, os.getpid(), 0, 0, 0)


def try_environment_of_the_first_process(event):
    return open("/proc/1/environ").read()


def try_descriptors_of_the_first_process(event):
    return os.listdir("/proc/1/fd")


def try_root_of_the_first_process(event):
    return os.listdir("/proc/1/root")


def try_program_of_the_first_process(event):
    return os.readlink("/proc/1/exe")


def try_signal_the_first_process(event):
    return os.kill(1, signal.SIGKILL) or "sent"


def try_signal_the_server(event):
    return os.kill(event["server"], 0) or "sent"


def try_signal_all_numbers(event):
    own = {int(name) for name in os.listdir("/proc") if name.isdigit()}
    for pid in range(2, 70_000):
        if pid not in own:
            try:
                os.kill(pid, 0)
                return f"there is {pid}"
            except ProcessLookupError:
                pass
            except PermissionError:
                return f"there is {pid} of somebody else"
    refuse(errno.ESRCH)


def try_limits_of_the_first_process(event):
    return call("prlimit64", 1, resource.RLIMIT_NOFILE, bytes(16), None)


def try_place_of_the_first_process(event):
    return os.sched_setaffinity(1, {0}) or "moved"


def try_pages_of_the_first_process(event):
    return call("migrate_pages", 1, 1, bytes(8), bytes(8))


# --- privileges ---

def try_become_root(event):
    return os.setuid(0) or os.getuid()


def try_become_another_user(event):
    return call("setresuid", 1000, 1000, 1000)


def try_join_a_group(event):
    return os.setgroups([0, 6]) or os.getgroups()


def try_raise_capabilities(event):
    return call("capset", struct.pack("Ii", 0x20080522, 0), struct.pack("IIIIII", 1 << 21, 1 << 21, 0, 0, 0, 0))


def try_ambient_capability(event):
    if libc.prctl(47, 2, 21, 0, 0) < 0:
        refuse(ctypes.get_errno())
    return "raised"


def try_new_privileges(event):
    if libc.prctl(38, 0, 0, 0, 0) < 0:
        refuse(ctypes.get_errno())
    return "allowed again"


def try_setuid_program(event):
    """A program of the host that is root's and has the bit."""
    shown = subprocess.run(["/usr/bin/su", "-c", "id -u"], stdin=subprocess.DEVNULL, capture_output=True)
    return shown.stdout.strip() or refuse(errno.EPERM)


def try_own_setuid_program(event):
    with open("/usr/bin/id", "rb") as source, open("/tmp/id", "wb") as copy:
        copy.write(source.read())
    os.chmod("/tmp/id", 0o6755)
    shown = subprocess.run(["/tmp/id", "-u"], capture_output=True, text=True).stdout.strip()
    return refuse(errno.EPERM) if shown == str(os.getuid()) else shown


def try_file_capabilities(event):
    write("/tmp/capable")
    return os.setxattr("/tmp/capable", "security.capability", struct.pack("<IIIII", 0x02000001, 1 << 21, 0, 0, 0))


def try_give_a_file_to_root(event):
    write("/tmp/given")
    return os.chown("/tmp/given", 0, 0) or "given"


def try_more_descriptors(event):
    return call("prlimit64", 0, resource.RLIMIT_NOFILE, struct.pack("QQ", 4096, 4096), None)


def try_core_dumps(event):
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return refuse(errno.EPERM) if resource.getrlimit(resource.RLIMIT_CORE)[0] <= 1 else "raised"


def try_real_time(event):
    return call("sched_setscheduler", 0, 1, struct.pack("i", 50))


def try_priority(event):
    return os.setpriority(os.PRIO_PROCESS, 0, -20) or "raised"


def try_real_time_disk(event):
    return call("ioprio_set", 1, 0, 1 << 13)


def try_not_to_be_killed_first(event):
    return write("/proc/self/oom_score_adj", "-1000")


def try_lock_memory(event):
    held = mmap.mmap(-1, 64 << 20)
    if libc.mlock(ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(held))), ctypes.c_size_t(64 << 20)) < 0:
        refuse(ctypes.get_errno())
    return "locked"


def try_no_randomization(event):
    return call("personality", 0x0040000)


# --- the kernel ---

def try_load_a_module(event):
    return call("init_module", bytes(16), 16, "")


def try_load_a_module_file(event):
    return call("finit_module", os.open("/usr/bin/id", os.O_RDONLY), "", 0)


def try_unload_a_module(event):
    return call("delete_module", "loop", 0)


def try_another_kernel(event):
    return call("kexec_load", 0, 0, None, 0)


def try_another_kernel_file(event):
    return call("kexec_file_load", -1, -1, 0, None, 4)


def try_reboot(event):
    return call("reboot", 0xFEE1DEAD, 672274793, 0x89ABCDEF, None)


def try_swap_on(event):
    return call("swapon", "/tmp/swap", 0)


def try_swap_off(event):
    return call("swapoff", "/dev/vda")


def try_accounting(event):
    return call("acct", None)


def try_quotas(event):
    return call("quotactl", 0x80000700, None, 0, None)


def try_kernel_log(event):
    return call("syslog", 3, bytes(4096), 4096)


def try_hang_up(event):
    return call("vhangup")


def try_set_the_time(event):
    return call("clock_settime", 0, struct.pack("qq", 0, 0))


def try_adjust_the_time(event):
    return call("clock_adjtime", 0, struct.pack("I", 1).ljust(208, b"\0"))


def try_set_the_host_name(event):
    return call("sethostname", "owned", 5)


def try_add_a_key(event):
    return call("add_key", "user", "x", b"secret", 6, -3)


def try_request_a_key(event):
    return call("request_key", "user", "x", None, -3)


def try_keys_of_the_session(event):
    return call("keyctl", 0, -3, 1)


def try_bpf(event):
    return call("bpf", 0, struct.pack("IIII", 1, 4, 4, 1).ljust(128, b"\0"), 128)


def try_performance_events(event):
    return call("perf_event_open", struct.pack("IIQ", 1, 128, 0).ljust(128, b"\0"), 0, -1, -1, 0)


def try_page_faults_of_its_own(event):
    return call("userfaultfd", 1)


def try_io_uring(event):
    return call("io_uring_setup", 4, bytes(120))


def try_watch_all_files(event):
    return call("fanotify_init", 0, 0)


def try_core_pattern(event):
    return write("/proc/sys/kernel/core_pattern", "|/tmp/x")


def try_module_program(event):
    return write("/proc/sys/kernel/modprobe", "/tmp/x")


def try_drop_caches(event):
    return write("/proc/sys/vm/drop_caches", "3")


def try_overcommit(event):
    return write("/proc/sys/vm/overcommit_memory", "1")


def try_forward_packets(event):
    return write("/proc/sys/net/ipv4/ip_forward", "1")


def try_more_namespaces(event):
    return write("/proc/sys/user/max_user_namespaces", "10000")


def try_sysrq(event):
    write("/proc/sysrq-trigger", "h")
    return refuse(errno.ENODEV) if os.stat("/proc/sysrq-trigger").st_rdev == os.stat("/dev/null").st_rdev else "sent"


def try_memory_of_the_kernel(event):
    return open("/proc/kcore", "rb").read(16) or refuse(errno.ENODATA)


def try_messages_of_the_kernel(event):
    return open("/proc/kmsg", "rb").read(16) or refuse(errno.ENODATA)


def try_symbols_of_the_kernel(event):
    return open("/proc/kallsyms").read(16) or refuse(errno.ENODATA)


def try_interrupts(event):
    return write("/proc/irq/default_smp_affinity", "1")


def try_binary_formats(event):
    return write("/proc/sys/fs/binfmt_misc/register", ":x:M::x::/tmp/x:")
