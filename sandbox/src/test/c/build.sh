#!/bin/sh
# Compiles the programs that the tests run inside sandboxes: build.sh OUTPUT-DIRECTORY
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
for source in "$here"/*.c; do
  program=$1/$(basename "$source" .c)
  if [ ! -f "$program" ] || [ "$source" -nt "$program" ]; then
    "${CC:-cc}" -std=gnu17 -static -O1 -Wall -Wextra -Werror -o "$program.part" "$source"
    mv "$program.part" "$program"
  fi
done
