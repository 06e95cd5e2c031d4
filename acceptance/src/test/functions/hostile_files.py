"""Attempts on devices and files."""

import ctypes
import errno
import fcntl
import mmap
import os
import struct

from hostile_calls import call, libc, refuse, write


INSIDE = ("/dev/null", "pipe:", "socket:", "/proc/", "anon_inode:", "/tmp", "/usr", "/var/task", "/memfd:")


# --- devices and file systems ---

def try_make_a_disk(event):
    return call("mknodat", -100, "/tmp/disk", 0o60666, 0xFE00)


def try_make_a_character_device(event):
    return call("mknodat", -100, "/tmp/memory", 0o20666, 0x0101)


def device(path):
    return os.open(path, os.O_RDWR)


def try_physical_memory(event):
    return device("/dev/mem")


def try_kernel_messages_device(event):
    return device("/dev/kmsg")


def try_loop_control(event):
    return device("/dev/loop-control")


def try_fuse(event):
    return device("/dev/fuse")


def try_kvm(event):
    return device("/dev/kvm")


def try_network_tunnel(event):
    return device("/dev/net/tun")


def try_terminals(event):
    return device("/dev/ptmx")


def try_host_bus(event):
    return device("/dev/vhost-vsock")


def try_type_into_a_terminal(event):
    return fcntl.ioctl(0, 0x5412, b"x")


def try_sysfs(event):
    return os.listdir("/sys/kernel")


def try_control_groups(event):
    return write("/sys/fs/cgroup/memory/tasks", "0")


def try_freeze_the_file_system(event):
    return fcntl.ioctl(os.open("/tmp", os.O_RDONLY), 0xC0045877, 0)


def try_shut_the_file_system_down(event):
    return fcntl.ioctl(os.open("/tmp", os.O_RDONLY), 0x8004587D, struct.pack("I", 1))


def try_grow_the_file_system(event):
    return fcntl.ioctl(os.open("/tmp", os.O_RDONLY), 0x40086610, struct.pack("Q", 1 << 30))


def try_trim_the_disk(event):
    return fcntl.ioctl(os.open("/usr", os.O_RDONLY), 0xC0185879, struct.pack("QQQ", 0, 1 << 62, 0))


def try_immutable_file(event):
    write("/tmp/kept-for-ever")
    return fcntl.ioctl(os.open("/tmp/kept-for-ever", os.O_RDONLY), 0x40086602, struct.pack("l", 0x10))


def try_write_the_code(event):
    return write("/var/task/x")


def try_change_the_code(event):
    return write("/var/task/hostile.py")


def try_delete_the_code(event):
    return os.unlink("/var/task/hostile.py")


def try_change_the_codes_mode(event):
    return os.chmod("/var/task/hostile.py", 0o777)


def try_write_the_bootstrap(event):
    inside = next(os.path.join(at, files[0]) for at, _, files in os.walk("/var/runtime") if files)
    return os.open(inside, os.O_WRONLY)


def try_write_layers(event):
    return write("/opt/x")


def try_write_extensions(event):
    return write("/opt/extensions/x")


def try_write_the_root(event):
    return write("/x")


def try_write_usr(event):
    return write("/usr/x")


def try_write_etc(event):
    return write("/etc/ld.so.preload", "/tmp/x.so")


def try_write_dev(event):
    return write("/dev/x")


def try_nameless_file_in_usr(event):
    return os.open("/usr", os.O_TMPFILE | os.O_WRONLY)


def try_write_by_opening_again(event):
    fd = os.open("/var/task/hostile.py", os.O_RDONLY)
    return os.open(f"/proc/self/fd/{fd}", os.O_RDWR)


def try_write_by_mapping(event):
    with open("/usr/bin/id", "rb") as file:
        mmap.mmap(file.fileno(), 0, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)[0] = 0
    return "written"


def try_overwrite_the_interpreter(event):
    return os.open("/proc/self/exe", os.O_WRONLY)


def try_hard_link_to_the_code(event):
    return os.link("/var/task/hostile.py", "/tmp/linked.py")


def try_hard_link_to_a_setuid_program(event):
    return os.link("/usr/bin/su", "/tmp/su")


def try_move_the_code(event):
    return os.rename("/var/task/hostile.py", "/var/task/other.py")


def try_link_to_the_hosts_files(event):
    for name in ("host", "up"):
        if os.path.lexists(f"/tmp/{name}"):
            os.unlink(f"/tmp/{name}")
    os.symlink("/proc/1/root", "/tmp/host")
    os.symlink("../" * 20, "/tmp/up")
    for start in ("/tmp/host", "/tmp/up", "/proc/self/root", "/proc/self/cwd/../../.."):
        if os.path.exists(start + event["data"]):
            return start
    refuse(errno.ENOENT)


def try_watch_the_hosts_files(event):
    watcher = libc.inotify_init()
    if libc.inotify_add_watch(watcher, event["data"].encode(), 0xFFF) < 0:
        refuse(ctypes.get_errno())
    return "watched"


def try_hosts_passwords(event):
    return open("/etc/shadow").read()


def try_servers_credentials(event):
    return open(event["data"] + "/credentials").read()


def try_descriptors_it_was_given(event):
    """Those of 0, 1 and 2 lead nowhere else, and there are no others but its own."""
    for name in os.listdir("/proc/self/fd"):
        if os.path.lexists(f"/proc/self/fd/{name}"):
            target = os.readlink(f"/proc/self/fd/{name}")
            if target != "/" and not target.startswith(INSIDE):
                return target
    refuse(errno.EBADF)
