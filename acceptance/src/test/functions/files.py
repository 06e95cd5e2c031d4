"""Works with the files of an access point, alone and together with another function."""

import fcntl
import mmap
import os
import subprocess
import time

PLACE = "/mnt/data"


def handler(event, context):
    return globals()["do_" + event["do"]](event)


def path(event):
    return os.path.join(PLACE, event["name"])


def do_write(event):
    with open(path(event), "w") as file:
        file.write(event["text"])
        os.fsync(file.fileno())


def do_read(event):
    try:
        with open(path(event)) as file:
            return file.read()
    except OSError as refusal:
        return f"{type(refusal).__name__}"


def do_look(event):
    about = os.stat(path(event))
    return [about.st_uid, about.st_gid, oct(about.st_mode & 0o7777), about.st_nlink]


def do_list(event):
    return sorted(os.listdir(event["directory"]))


def do_link(event):
    os.symlink(event["to"], path(event))


def do_setuid(event):
    """A program that would be somebody else's if the bits had an effect."""
    with open("/usr/bin/id", "rb") as source, open(path(event), "wb") as target:
        target.write(source.read())
    os.chmod(path(event), 0o6755)


def do_run(event):
    return subprocess.run([path(event), "-u"], capture_output=True, text=True).stdout.strip()


def do_count(event):
    """Counts in mapped memory, one step at a time, with a lock against the other function."""
    file = os.open(path(event), os.O_RDWR | os.O_CREAT, 0o600)
    with open(path(event) + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.fstat(file).st_size == 0:
            os.ftruncate(file, 8)
        fcntl.flock(lock, fcntl.LOCK_UN)
        with mmap.mmap(file, 8) as memory:
            for _ in range(event["times"]):
                fcntl.flock(lock, fcntl.LOCK_EX)
                memory[:] = (int.from_bytes(memory[:], "little") + 1).to_bytes(8, "little")
                fcntl.flock(lock, fcntl.LOCK_UN)
    return None


def do_counted(event):
    with open(path(event), "rb") as file:
        return int.from_bytes(file.read(), "little")


def do_wait(event):
    """Until the other function has made a file."""
    while not os.path.exists(path(event)):
        time.sleep(0.005)
    return do_read(event)
