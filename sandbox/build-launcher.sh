#!/bin/sh
# Compiles the launcher, and beside it the library by which programs serve forks and the one that is
# loaded into criu: build-launcher.sh OUTPUT
set -eu
here=$(cd "$(dirname "$0")" && pwd)
output=$1
library=$(dirname "$output")/forking.so
compiler=${CC:-cc}
if ! command -v "$compiler" >/dev/null 2>&1; then
  echo "build-launcher.sh: no C compiler; install one with: apt-get install -y gcc libc6-dev" >&2
  exit 1
fi
mkdir -p "$(dirname "$output")"
# The dates of the sources decide, so that a build without changes costs nothing.
if [ -f "$output" ] && [ -f "$library" ] &&
  [ -z "$(find "$here/src/main/c" "$here/src/main/preload" "$0" -newer "$output")" ]; then
  exit 0
fi
warnings='-Wall -Wextra -Werror -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes'
# What it needs of a C library is what it finds in the interpreter that it is loaded into.
# shellcheck disable=SC2086
"$compiler" -std=gnu17 -shared -fPIC -nostdlib -O2 -g0 $warnings -fno-ident \
  -fno-stack-protector -s -o "$library.part" "$here"/src/main/c/forking/*.c
mv "$library.part" "$library"
# shellcheck disable=SC2086
"$compiler" -std=gnu17 -shared -fPIC -O2 -g0 $warnings -fno-ident -s \
  -o "$(dirname "$output")/criu-compat.so" "$here"/src/main/preload/criu-compat.c
# shellcheck disable=SC2086
"$compiler" -std=gnu17 -static -O2 -g0 $warnings -fno-ident -fstack-protector-strong \
  -D_FORTIFY_SOURCE=2 -s -o "$output.part" "$here"/src/main/c/*.c
mv "$output.part" "$output"
