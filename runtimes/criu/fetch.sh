#!/usr/bin/env bash
# Puts criu of a newer Debian and the libraries that it runs with into a directory: fetch.sh DIR
# Packages come by apt, which checks their signatures, from where this machine has its own from; those
# that `packages` beside this file names are the very ones. Nothing is installed on the machine.
set -euo pipefail
here=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
target=$1
suite=trixie

[[ $(dpkg --print-architecture) == amd64 ]] || { echo 'criu is only fetched for amd64; install the package criu' >&2; exit 1; }
keys=/usr/share/keyrings/debian-archive-keyring.gpg
[[ -s $keys ]] || { echo 'the keys of Debian are missing: apt-get install debian-archive-keyring' >&2; exit 1; }
# shellcheck disable=SC2016 # apt replaces it
# A here-string, for an early end of the reader must not fail the writer.
mirror=$(awk '/\/debian\/?$/ { print; exit }' <<<"$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages')")
[[ -n $mirror ]] || { echo 'apt knows no mirror of Debian; run apt-get update' >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{etc,state/lists/partial,cache/archives/partial,packages,root}
: >"$work/state/status"
echo "deb [signed-by=$keys] ${mirror%/} $suite main" >"$work/etc/sources.list"
apt=(apt-get -q -o "Dir::State=$work/state" -o "Dir::State::status=$work/state/status" -o "Dir::Cache=$work/cache"
  -o "Dir::Etc::sourcelist=$work/etc/sources.list" -o Dir::Etc::sourceparts=- -o APT::Sandbox::User=root
  -o Acquire::Languages=none -o Acquire::Retries=3)
"${apt[@]}" update
cd "$work/packages"
mapfile -t names < <("${apt[@]}" install --print-uris -y --no-install-recommends criu |
  sed -n "s/^'[^']*' \([^_]*\)_.*/\1/p")
((${#names[@]} > 0)) || { echo 'apt does not know criu' >&2; exit 1; }
"${apt[@]}" download "${names[@]}"
sed 's/^\([0-9a-f]*\) /\1  /' "$here/packages" | sha256sum --check --quiet
for package in *.deb; do dpkg-deb -x "$package" "$work/root"; done

# All in one directory, found beside each other whatever the machine's own libraries are.
find "$work/root/usr/lib/x86_64-linux-gnu" -maxdepth 1 \( -type f -o -type l \) -name '*.so*' -exec cp -L {} "$target/" \;
cp -L "$work/root/usr/lib64/ld-linux-x86-64.so.2" "$target/ld.so"
cp "$work/root/usr/sbin/criu" "$target/criu"
"$target/ld.so" --library-path "$target" "$target/criu" --version
