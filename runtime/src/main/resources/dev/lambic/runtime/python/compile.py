"""Compiles the Python files below a directory, for environments that see them read-only.

Runs in a sandbox of its own, by the interpreter of the functions and with the files where functions
see them, and executes nothing of them. To the standard output goes what the bootstrap reads: a mark
with the interpreter's magic number, the code of all modules as marshal writes it, an index of them,
and where the index begins. Files that cannot be compiled are left to those who import them; what is
too much is left out.
"""

import marshal
import os
import sys
import time
from collections import deque
from itertools import islice

external = sys.modules["_frozen_importlib_external"]

MARK = b"lambic code\n"
MAX_SOURCE = 4 << 20
MAX_BYTES = 48 << 20
MAX_MODULES = 20_000
MAX_ENTRIES = 200_000
SECONDS = 60


def sources(top):
    """The files that may be imported, those near the top first; no symbolic links."""
    ahead, left = deque([top]), MAX_ENTRIES
    while ahead and left > 0:
        try:
            with os.scandir(ahead.popleft()) as found:
                entries = sorted(islice(found, left), key=lambda entry: entry.name)
        except OSError:
            continue
        left -= len(entries)
        for entry in entries:
            if entry.name == "__pycache__" or entry.is_symlink():
                continue
            if entry.is_dir(follow_symlinks=False):
                ahead.append(entry.path)
            elif entry.name.endswith(".py") and entry.is_file(follow_symlinks=False):
                if entry.stat(follow_symlinks=False).st_size <= MAX_SOURCE:
                    yield entry.path


def code_of(path):
    """What the interpreter itself would run, be it of the source or of byte-code beside it."""
    try:
        return marshal.dumps(external.SourceFileLoader("module", path).get_code("module"))
    except BaseException:
        # Of any kind; whoever imports it meets the same.
        return None


def main(top):
    with os.fdopen(os.dup(1), "wb", 1 << 16) as out:
        # Nothing else may get in between.
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        sys.dont_write_bytecode = True
        end = time.monotonic() + SECONDS
        place = out.write(MARK) + out.write(external.MAGIC_NUMBER)
        index = {}
        for path in sources(top):
            if len(index) >= MAX_MODULES or time.monotonic() > end:
                break
            code = code_of(path)
            if code is None or place + len(code) > MAX_BYTES:
                continue
            index[path] = (place, len(code))
            place += out.write(code)
        out.write(marshal.dumps(index))
        out.write(place.to_bytes(8, "little"))


main(sys.argv[1])
