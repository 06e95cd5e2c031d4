#!/usr/bin/env bash
# Runs a program of a root file system on this machine, by the loader and with the libraries of that:
#
#   run.sh ROOT PROGRAM ARGUMENT...
set -euo pipefail

root=$1
program=$2
shift 2
for directory in var/lang/bin usr/bin; do
  [[ ! -x $root/$directory/$program ]] || break
done
# What is in lib64 may be a link that would lead to this machine's own.
for loader in "$root"/usr/lib/*-linux-gnu/ld-linux*.so.* "$root"/usr/lib/ld-linux*.so.* "$root"/usr/lib64/ld-linux*.so.*; do
  [[ ! -x $loader ]] || break
done
exec "$loader" --library-path "$(echo "$root"/usr/lib/*-linux-gnu):$root/usr/lib" "$root/$directory/$program" "$@"
