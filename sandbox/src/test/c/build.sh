#!/bin/sh
# Compiles the programs that the tests run inside sandboxes: build.sh OUTPUT-DIRECTORY
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
forking=$here/../../main/c/forking
for source in "$here"/*.c; do
  program=$1/$(basename "$source" .c)
  if [ ! -f "$program" ] || [ -n "$(find "$here" "$forking" -newer "$program" -name '*.[ch]')" ]; then
    "${CC:-cc}" -std=gnu17 -static -O1 -Wall -Wextra -Werror -o "$program.part" "$source" \
      "$forking"/*.c -Wl,-u,__fork
    mv "$program.part" "$program"
  fi
done
