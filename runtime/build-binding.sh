#!/bin/sh
# Compiles the library that binds Java virtual machines: build-binding.sh OUTPUT
set -eu
here=$(cd "$(dirname "$0")" && pwd)
output=$1
compiler=${CC:-cc}
if ! command -v "$compiler" >/dev/null 2>&1; then
  echo "build-binding.sh: no C compiler; install one with: apt-get install -y gcc libc6-dev" >&2
  exit 1
fi
mkdir -p "$(dirname "$output")"
# The dates of the sources decide, so that a build without changes costs nothing.
if [ -f "$output" ] && [ -z "$(find "$here/src/main/c" "$0" -newer "$output")" ]; then
  exit 0
fi
"$compiler" -std=gnu17 -shared -fPIC -O2 -g0 -Wall -Wextra -Werror -Wshadow -Wformat=2 \
  -Wstrict-prototypes -Wmissing-prototypes -fno-ident -fstack-protector-strong \
  -fvisibility=default -s -o "$output.part" "$here"/src/main/c/*.c
mv "$output.part" "$output"
