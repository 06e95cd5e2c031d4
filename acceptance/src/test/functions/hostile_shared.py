"""Attempts by way of the files that functions share."""

import ctypes
import errno
import fcntl
import os
import stat
import struct
import subprocess

from hostile_calls import call, refuse, write

PLACE = "/mnt/shared"
MINE = PLACE + "/mine"
DISK_USER = 0x6FFF0000


def mine():
    if not os.path.exists(MINE):
        write(MINE)
    return MINE


def as_owner(program):
    """What a program is when it runs that says whose it wants to be."""
    mine_now = str(os.getuid())
    shown = subprocess.run([program, "-u"], capture_output=True, text=True).stdout.strip()
    if shown == mine_now:
        refuse(errno.EPERM)
    return shown


def try_share_another_access_point(event):
    return os.listdir("/mnt/other")


def try_share_above(event):
    return open(f"{PLACE}/../other/secret").read()


def try_share_of_the_host(event):
    return os.listdir(event["data"] + "/filesystems")


def try_share_link_to_the_host(event):
    for to in (event["data"], "/proc/1/root" + event["data"], "../" * 20 + event["data"]):
        if os.path.lexists(PLACE + "/link"):
            os.unlink(PLACE + "/link")
        os.symlink(to, PLACE + "/link")
        if os.path.exists(PLACE + "/link/credentials"):
            return open(PLACE + "/link/credentials").read()
    refuse(errno.ENOENT)


def try_share_setuid_program(event):
    with open("/usr/bin/id", "rb") as source, open(PLACE + "/id", "wb") as target:
        target.write(source.read())
    os.chmod(PLACE + "/id", 0o6755)
    return as_owner(PLACE + "/id")


def try_share_capable_program(event):
    value = struct.pack("<IIIII", 0x02000001, 1 << 21, 0, 0, 0)
    return os.setxattr(mine(), "security.capability", value)


def try_share_trusted_attribute(event):
    return os.setxattr(mine(), "trusted.x", b"x")


def try_share_gift_to_root(event):
    return os.chown(mine(), 0, 0)


def try_share_gift_to_the_disks_user(event):
    return os.chown(mine(), DISK_USER, DISK_USER)


def try_share_gift_to_a_neighbour(event):
    return os.chown(mine(), 0x70000001, 0x70000001)


def try_share_device(event):
    return call("mknodat", -100, PLACE + "/disk", stat.S_IFBLK | 0o666, 0xFE00)


def try_share_unmount(event):
    return call("umount2", PLACE, 2)


def try_share_with_setuid(event):
    return call("mount", "none", PLACE, None, 0x20 | 0x1000, None)


def try_share_elsewhere(event):
    return call("mount", PLACE, "/tmp", None, 0x1000, None)


def try_share_by_a_tree(event):
    return call("open_tree", -100, PLACE, 1)


def try_share_by_handle(event):
    handle = ctypes.create_string_buffer(struct.pack("II", 128, 0), 136)
    return call("name_to_handle_at", -100, PLACE, bytes(handle), bytes(8), 0)


def try_share_more_places(event):
    return os.mkdir("/mnt/more")


def try_share_by_another_name(event):
    return os.rename(PLACE, "/mnt/renamed")


def try_share_the_code(event):
    return os.link("/var/task/hostile.py", PLACE + "/linked.py")


def try_share_out_of_it(event):
    return os.link(mine(), "/tmp/linked")


def try_share_for_ever(event):
    return fcntl.ioctl(os.open(mine(), os.O_RDONLY), 0x40086602, struct.pack("l", 0x10))


def try_share_freeze(event):
    return fcntl.ioctl(os.open(PLACE, os.O_RDONLY), 0xC0045877, 0)


def try_share_shut_down(event):
    return fcntl.ioctl(os.open(PLACE, os.O_RDONLY), 0x8004587D, struct.pack("I", 1))
