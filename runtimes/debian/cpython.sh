#!/usr/bin/env bash
# Puts CPython out of a jar of JavaCPP's presets into a root file system, at /var/lang, as on AWS:
#
#   cpython.sh JAR ROOT pythonN.N PYTHON
#
# PYTHON is any Python of this machine, to unpack with.
set -euo pipefail
umask 022

jar=$1
root=$2
name=$3
python=$4

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$python" -m zipfile -e "$jar" "$scratch"
from=$(echo "$scratch"/org/bytedeco/cpython/linux-*)
libraries=$(echo "$root"/usr/lib/*-linux-gnu)
mkdir -p "$root/var/lang/bin" "$root/var/lang/lib"
install -m 755 "$from/bin/$name" "$root/var/lang/bin/$name"
ln -s "$name" "$root/var/lang/bin/python3"
ln -s "$name" "$root/var/lang/bin/python"
# Where the loader looks, whatever variables a function sets.
install -m 644 "$from"/lib"$name".so.* "$libraries"
for library in "$from"/libffi.so.*; do
  [[ ! -e $library ]] || install -m 644 "$library" "$libraries"
done
mv "$from/lib/$name" "$root/var/lang/lib/$name"
cd "$root/var/lang/lib/$name"
rm -rf test idlelib tkinter turtledemo ensurepip config-* site-packages/* lib-dynload/*_test*
# Its OpenSSL was made to look there.
mkdir -p "$root/usr/local/ssl"
ln -s /etc/ssl/certs "$root/usr/local/ssl/certs"
ln -s /etc/ssl/certs/ca-certificates.crt "$root/usr/local/ssl/cert.pem"
