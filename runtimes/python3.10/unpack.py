"""Lays out a Python that a Go module carries: unpack.py DATA PREFIX.

DATA is the module's directory for one system. Its files.json tells what belongs where; single files may be
packed, with .gz after their names.
"""

import gzip
import json
import os
import pathlib
import sys

DIRECTORY = 1 << 31
DROPPED = ("bin/pip", "bin/idle", "bin/2to3", "bin/pydoc", "lib/python3.10/site-packages/pip")

data, prefix = map(pathlib.Path, sys.argv[1:])
for entry in json.loads((data / "files.json").read_text())["files"]:
    name, target = entry["name"], prefix / entry["name"]
    if not target.resolve().is_relative_to(prefix.resolve()):
        sys.exit(f"{name} leads elsewhere")
    if name.startswith(DROPPED):
        continue
    if entry.get("perm", 0) & DIRECTORY:
        target.mkdir(parents=True, exist_ok=True)
        continue
    target.parent.mkdir(parents=True, exist_ok=True)
    if "symlink" in entry:
        target.symlink_to(entry["symlink"])
        continue
    packed = entry.get("compressed", False)
    content = (data / (name + ".gz" if packed else name)).read_bytes()
    target.write_bytes(gzip.decompress(content) if packed else content)
    os.chmod(target, 0o755 if entry["perm"] & 0o100 else 0o644)
