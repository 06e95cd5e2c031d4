"""Tries to get out of its environment. Every attempt answers what it got, or how it was refused."""

import array
import ctypes
import errno
import fcntl
import os
import socket
import stat
import struct
import urllib.error
import urllib.request

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

# Numbers of system calls on x86-64 and, where they differ, on arm64.
ARM = os.uname().machine == "aarch64"
CALLS = {
    "ptrace": (101, 117),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "process_vm_readv": (310, 270),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "setns": (308, 268),
    "unshare": (272, 97),
    "chroot": (161, 51),
    "acct": (163, 89),
    "syslog": (103, 116),
    "settimeofday": (164, 170),
    "quotactl": (179, 60),
    "mknodat": (259, 33),
}


def handler(event, context):
    try:
        return {"got": globals()["do_" + event["do"]](event, context)}
    except OSError as refusal:
        return {"refused": errno.errorcode.get(refusal.errno, str(refusal.errno))}


def call(name, *arguments):
    number = CALLS[name][ARM]
    if libc.syscall(ctypes.c_long(number), *arguments) < 0:
        return errno.errorcode[ctypes.get_errno()]
    return "done"


def each(attempts):
    """The outcome of every attempt by its name."""
    outcomes = {}
    for name, attempt in attempts.items():
        try:
            outcomes[name] = attempt()
        except OSError as refusal:
            outcomes[name] = errno.errorcode.get(refusal.errno, str(refusal.errno))
    return outcomes


def read(path):
    with open(path, "rb") as file:
        return file.read(200).decode("latin-1")


def do_read(event, context):
    return read(event["path"])


def do_list(event, context):
    return sorted(os.listdir(event["path"]))


def do_search(event, context):
    """Paths of files with a name, in all that can be seen."""
    found = []
    for directory, below, files in os.walk("/"):
        if directory in ("/", "/proc"):
            below[:] = [name for name in below if name not in ("proc", "usr")]
        found += [os.path.join(directory, name) for name in files if name == event["name"]]
    return found


def do_processes(event, context):
    shown = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                shown[name] = read(f"/proc/{name}/cmdline").replace("\0", " ")
            except OSError as refusal:
                shown[name] = errno.errorcode[refusal.errno]
    return shown


def do_process_one(event, context):
    paths = ("environ", "root/etc/shadow", "cwd/etc/shadow", "mem", "maps", "fd")
    return each({path: lambda path=path: look(f"/proc/1/{path}") for path in paths})


def look(path):
    return os.listdir(path) if os.path.isdir(path) or path.endswith("/fd") else read(path)


def do_descriptors(event, context):
    own = os.listdir("/proc/self/fd")
    return [os.readlink(f"/proc/self/fd/{fd}") for fd in own if os.path.exists(f"/proc/self/fd/{fd}")]


def do_write(event, context):
    paths = (
        "/var/task/x", "/var/runtime/x", "/opt/x", "/usr/x", "/usr/bin/x", "/etc/x", "/x", "/dev/x",
        "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/vm/drop_caches",
        "/proc/self/oom_score_adj_", "/sys/x", "/var/x", "/run/x", "/home/x", "/root/x",
    )
    return each({path: lambda path=path: open(path, "w").write("1") for path in paths})


def do_devices(event, context):
    shown = sorted(os.listdir("/dev"))
    modes = {name: stat.filemode(os.stat(f"/dev/{name}").st_mode) for name in shown}
    return {name: mode for name, mode in modes.items() if mode[0] == "b"} | {"names": shown}


def do_calls(event, context):
    nothing = ctypes.c_void_p(None)
    zero = ctypes.c_long(0)
    here = ctypes.c_char_p(b"/tmp")
    host = os.open("/", os.O_PATH)
    own = os.open("/proc/self/ns/mnt", os.O_RDONLY)
    flags = ctypes.c_long(0x10000000 | 0x00020000)
    return {
        "ptrace": call("ptrace", ctypes.c_long(16), ctypes.c_long(1), nothing, nothing),
        "init_module": call("init_module", here, zero, here),
        "finit_module": call("finit_module", ctypes.c_long(host), here, zero),
        "delete_module": call("delete_module", here, zero),
        "kexec_load": call("kexec_load", zero, zero, nothing, zero),
        "reboot": call("reboot", ctypes.c_long(0xFEE1DEAD), ctypes.c_long(672274793), ctypes.c_long(0x01234567)),
        "swapon": call("swapon", here, zero),
        "keyctl": call("keyctl", zero, ctypes.c_long(-3), zero),
        "add_key": call("add_key", ctypes.c_char_p(b"user"), here, here, ctypes.c_long(4), ctypes.c_long(-3)),
        "bpf": call("bpf", zero, nothing, zero),
        "perf_event_open": call("perf_event_open", nothing, zero, zero, ctypes.c_long(-1), zero),
        "userfaultfd": call("userfaultfd", zero),
        "io_uring_setup": call("io_uring_setup", ctypes.c_long(1), nothing),
        "process_vm_readv": call("process_vm_readv", ctypes.c_long(1), nothing, zero, nothing, zero, zero),
        "open_by_handle_at": call("open_by_handle_at", ctypes.c_long(host), nothing, zero),
        "mount_tmpfs": call("mount", ctypes.c_char_p(b"x"), here, ctypes.c_char_p(b"tmpfs"), zero, nothing),
        "mount_bind": call("mount", ctypes.c_char_p(b"/usr"), here, nothing, ctypes.c_long(4096), nothing),
        "remount": call("mount", nothing, ctypes.c_char_p(b"/var/task"), nothing, ctypes.c_long(32 | 4096), nothing),
        "umount2": call("umount2", ctypes.c_char_p(b"/var/task"), ctypes.c_long(2)),
        "pivot_root": call("pivot_root", here, here),
        "move_mount": call("move_mount", ctypes.c_long(host), here, ctypes.c_long(host), here, zero),
        "open_tree": call("open_tree", ctypes.c_long(-100), ctypes.c_char_p(b"/"), ctypes.c_long(1)),
        "fsopen": call("fsopen", ctypes.c_char_p(b"tmpfs"), zero),
        "setns": call("setns", ctypes.c_long(own), zero),
        "unshare": call("unshare", flags),
        "chroot": call("chroot", here),
        "acct": call("acct", here),
        "syslog": call("syslog", ctypes.c_long(3), nothing, zero),
        "settimeofday": call("settimeofday", ctypes.c_char_p(bytes(16)), nothing),
        "mknod_disk": call("mknodat", ctypes.c_long(-100), ctypes.c_char_p(b"/tmp/disk"), ctypes.c_long(0o60600), ctypes.c_long(0xFE00)),
    }


def do_identity(event, context):
    return each(
        {
            "setuid": lambda: os.setuid(0),
            "setgid": lambda: os.setgid(0),
            "setgroups": lambda: os.setgroups([0]),
            "nice": lambda: os.nice(-5),
            "priority": lambda: os.setpriority(os.PRIO_PROCESS, 0, -20),
            "chown": lambda: os.chown("/var/task", os.getuid(), -1),
            "hostname": lambda: socket.sethostname("other"),
            "oom": lambda: write("/proc/self/oom_score_adj", "-1000"),
            "uid_map": lambda: write("/proc/self/uid_map", "0 0 1"),
        }
    ) | {"status": [line for line in open("/proc/self/status").read().split("\n") if line[:3] in ("Cap", "NoN", "Sec")]}


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def do_sockets(event, context):
    families = {"AF_PACKET": 17, "AF_VSOCK": 40, "AF_ALG": 38, "AF_BLUETOOTH": 31, "AF_KEY": 15, "AF_XDP": 44}
    outcomes = each(
        {name: lambda number=number: socket.socket(number, socket.SOCK_RAW) and "made" for name, number in families.items()}
    )
    outcomes["raw IP"] = each({"it": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1) and "made"})["it"]
    return outcomes


def do_interfaces(event, context):
    return [name for _, name in socket.if_nameindex()]


def do_connect(event, context):
    """The outcome of a connection to every address of the event."""

    def attempt(host, port):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as connection:
            connection.settimeout(2)
            try:
                connection.connect((host, port))
            except TimeoutError:
                return "timed out"
            return "connected"

    return each({f"{host} {port}": lambda host=host, port=port: attempt(host, port) for host, port in event["to"]})


def do_unix(event, context):
    """Connections to sockets by path, and to every abstract name that can be seen."""

    def attempt(address):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(address)
            return "connected"

    names = [line.split()[-1] for line in open("/proc/net/unix").read().split("\n")[1:] if "@" in line]
    outcomes = each({path: lambda path=path: attempt(path) for path in event["paths"]})
    return outcomes | each({name: lambda name=name: attempt("\0" + name[1:]) for name in names})


def do_request(event, context):
    """What the AWS endpoint answers to a request without a proper signature."""
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    headers = dict(event.get("headers") or {})
    request = urllib.request.Request(endpoint + "/2015-03-31/functions", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as refusal:
        return [refusal.code, refusal.headers.get("x-amzn-errortype", "")]


def do_terminal(event, context):
    """Types into the terminal of whoever started the server."""
    def attempt():
        with open("/dev/tty", "w") as terminal:
            fcntl.ioctl(terminal, 0x5412, array.array("b", b"x"))
        return "typed"

    return attempt()


def do_shared_memory(event, context):
    with open("/dev/shm/x", "wb") as file:
        return file.write(b"x" * (1 << 20))


def do_inherited_limits(event, context):
    return {"umask": os.umask(0), "nodes": os.path.exists("/sys/fs/cgroup"), "mounts": read("/proc/self/cgroup")}


def do_plant(event, context):
    """Leaves files that a clumsy host would follow or run."""
    os.symlink("/etc/shadow", "/tmp/shadow")
    os.symlink("/proc/1/root", "/tmp/root")
    write("/tmp/x.py", "raise SystemExit(9)")
    os.mkfifo("/tmp/fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("/tmp/socket")
    return sorted(os.listdir("/tmp"))
