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
loader=$(echo "$root"/usr/lib64/ld-linux*.so.* "$root"/usr/lib/ld-linux*.so.* | tr ' ' '\n' | grep -v '[*]' | head -n 1)
exec "$loader" --library-path "$(echo "$root"/usr/lib/*-linux-gnu):$root/usr/lib" "$root/$directory/$program" "$@"
