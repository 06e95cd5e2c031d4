#!/usr/bin/env bash
# Builds OpenTofu and AWS's provider for it from the Go modules that the file `modules` names, as they are:
# build.sh DIR. Then DIR/bin/tofu is the program and DIR/mirror a directory in which it finds the provider.
# What go has compiled stays beside DIR until all of it has succeeded, so that a second try goes on.
set -euo pipefail

modules=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/modules
to=$1
build=$(dirname -- "$1")/build
# The provider wants a newer Go than many systems have; then go itself fetches that.
export GOTOOLCHAIN=auto GOFLAGS=-modcacherw CGO_ENABLED=0
export GOCACHE=$build/cache GOMODCACHE=$build/modules
mkdir -p "$build"

# source_of MODULE: prints where its sources are; they are the ones of the sum in the list.
source_of() {
  local version sum found
  read -r _ version sum < <(grep "^$1 " "$modules")
  found=$(cd "$build" && go mod download -json "$1@$version")
  grep -qF "\"Sum\": \"$sum\"" <<<"$found" || {
    echo "$1 $version is not what it was" >&2
    return 1
  }
  sed -n 's/^\t"Dir": "\(.*\)",$/\1/p' <<<"$found"
}

# compile MODULE PACKAGE FILE PATTERN: tells after every hundred packages how far it is. What the pattern
# names is not optimised, which halves the time for it.
compile() {
  local sources packages
  sources=$(source_of "$1")
  packages=$(cd "$sources" && go list -deps "$2" | wc -l)
  echo "builds $1: $packages packages"
  (cd "$sources" && go build -v -trimpath "-gcflags=$4=-N -l -dwarf=false" '-ldflags=-s -w' -o "$3" "$2") 2>&1 |
    awk -v all="$packages" '/^go: |[: ] / { print; fflush(); next } ++n % 100 == 0 { print "  " n " of " all; fflush() }'
}

compile github.com/opentofu/opentofu ./cmd/tofu "$to/bin/tofu" all
provider=github.com/hashicorp/terraform-provider-aws
compile $provider . "$to/provider" "$provider/..."

# The list's version only says when the module was taken; the provider's own is in its sources.
version=$(cat "$(source_of $provider)/version/VERSION")
platform=$(go env GOOS)_$(go env GOARCH)
place=$to/mirror/registry.opentofu.org/hashicorp/aws/$version/$platform
mkdir -p "$place"
mv "$to/provider" "$place/terraform-provider-aws_v$version"
rm -rf "$build"
