#!/usr/bin/env bash
# Makes a root file system out of packages of Debian, without changing the system that it runs on:
#
#   fetch.sh STATE ROOT 'SUITE...' PACKAGE...
#
# STATE keeps apt's lists from one run to the next; ROOT is an empty directory, and a file `packages` beside it
# tells what it was made of. The first suite is preferred.
# Runs on every system with apt, without root's rights. apt checks the archive's signatures with Debian's own
# keys and the packages' sums; no program of a package is run.
#
# LAMBIC_DEBIAN_MIRROR names another mirror, LAMBIC_DEBIAN_KEYRING other keys than Debian's.
set -euo pipefail
umask 022

say() { echo "lambic: $*" >&2; }
die() {
  say "$*"
  exit 1
}

state=$1
root=$2
read -r -a suites <<<"$3"
shift 3
packages=("$@")

# What every runtime has besides: a shell with its usual programs, time zones and the UTF-8 locale.
base=(bash dash coreutils sed grep gzip libc-bin tzdata)

# What packages want for their installation, which does not happen, or what comes from this machine. It counts
# as installed.
present=(debconf dpkg ca-certificates ca-certificates-java openssl java-common util-linux util-linux-extra
  libpam-runtime libpam-modules libpam-modules-bin fontconfig-config fonts-dejavu-core lsb-base x11-common
  sysvinit-utils base-files)

# Lines `address|suite` of this system's own sources, if it is a Debian.
own_sources() {
  # shellcheck disable=SC2016 # the words are apt's
  apt-get indextargets --format '$(REPO_URI)|$(ORIGIN)|$(LABEL)' 'Created-By: Packages' 2>/dev/null |
    awk -F '|' -v label="$1" '$2 == "Debian" && $3 == label { print $1; exit }'
}

# Where apt itself says that Debian is, on systems that are another distribution.
listed_mirror() {
  local info=/usr/share/python-apt/templates/Debian.info scratch=$state/mirrors
  if [[ ! -r $info ]]; then
    info=$scratch$info
    if [[ ! -r $info ]]; then
      rm -rf "$scratch"
      mkdir -p "$scratch"
      (cd "$scratch" && apt-get -q download python-apt-common >&2 && dpkg-deb -x python-apt-common_*.deb .) || return
    fi
  fi
  awk '$1 == "BaseURI:" { print $2; exit }' "$info"
}

find_mirror() {
  mirror=${LAMBIC_DEBIAN_MIRROR-}
  [[ -n $mirror ]] || mirror=$(own_sources Debian)
  [[ -n $mirror ]] || mirror=$(listed_mirror) || :
  [[ -n $mirror ]] ||
    die 'no mirror of Debian is known here. Set LAMBIC_DEBIAN_MIRROR to one, such as http://HOST/debian' \
      '(www.debian.org/mirror/list), then run this again'
  mirror=${mirror%/}
}

find_keyring() {
  local installed=/usr/share/keyrings/debian-archive-keyring.gpg
  keyring=${LAMBIC_DEBIAN_KEYRING-}
  [[ -z $keyring ]] || return 0
  for keyring in "$installed" "${installed%.gpg}.pgp" "$state/keys$installed" "$state/keys${installed%.gpg}.pgp"; do
    [[ ! -r $keyring ]] || return 0
  done
  # By this system's own apt, which trusts its own archive.
  rm -rf "$state/keys"
  mkdir -p "$state/keys"
  (cd "$state/keys" && apt-get -q download debian-archive-keyring >&2 && dpkg-deb -x debian-archive-keyring_*.deb .) ||
    die "Debian's keys could not be had. Install the package debian-archive-keyring, then run this again"
  for keyring in "$state/keys$installed" "$state/keys${installed%.gpg}.pgp"; do
    [[ ! -r $keyring ]] || return 0
  done
  die "the package debian-archive-keyring has no keys in $installed"
}

# The releases whose suites get corrections beside them.
is_release() { [[ $1 != sid && $1 != experimental ]]; }

# Prints what apt reads the packages from.
sources() {
  local suite
  for suite in "${suites[@]}"; do
    echo "deb [signed-by=$keyring] $mirror $suite main"
    [[ -z $security ]] || ! is_release "$suite" ||
      echo "deb [signed-by=$keyring] $security $suite-security main"
  done
}

preferences() {
  local suite priority=990
  for suite in "${suites[@]}"; do
    [[ $suite != experimental ]] || priority=100
    printf 'Package: *\nPin: release n=%s\nPin-Priority: %s\n\n' "$suite" "$priority" "$suite-security" "$priority"
    priority=500
  done
}

status() {
  local package
  for package in "${present[@]}"; do
    printf 'Package: %s\nStatus: install ok installed\nArchitecture: all\nMulti-Arch: foreign\nVersion: 99999\n' "$package"
    [[ $package != debconf ]] || echo 'Provides: debconf-2.0'
    printf 'Maintainer: none\nDescription: none\n\n'
  done
}

configure() {
  # Proxies and the like are this system's; everything else is ours, and no hook of this system runs.
  apt-config dump --format '%F "%v";%n' |
    grep -E '^Acquire::(http|https|ftp|Retries|Queue|ForceIPv4|ForceIPv6|Check-Valid-Until)' >"$state/apt.conf" || :
  cat >>"$state/apt.conf" <<END
APT::Update::Error-Mode "any";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "$state/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "$state/preferences";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::trusted "/dev/null";
Dir::Etc::trustedparts "/dev/null";
Dir::State "$state";
Dir::State::lists "$state/lists";
Dir::State::status "$state/status";
Dir::State::extended_states "$state/extended_states";
Dir::Cache "$state";
Dir::Cache::archives "$state/archives";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Dir::Log "$state";
APT::Architecture "$(dpkg --print-architecture)";
APT::Architectures "$(dpkg --print-architecture)";
APT::Sandbox::User "$(id -un)";
APT::Install-Recommends "false";
APT::Get::List-Cleanup "false";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::Languages "none";
Acquire::GzipIndexes "true";
Acquire::Retries "3";
END
  mkdir -p "$state/lists/partial" "$state/archives/partial"
  status >"$state/status"
  preferences >"$state/preferences"
}

# Security fixes lie beside the archive on every mirror that this system or Debian itself names.
find_security() {
  security=
  [[ -z ${LAMBIC_DEBIAN_MIRROR-} ]] || return 0
  security=$(own_sources Debian-Security)
  [[ -n $security || $mirror != */debian ]] || security=$mirror-security
  security=${security%/}
}

update() {
  sources >"$state/sources.list"
  apt-get -q update >&2 2>"$state/errors" && return
  if [[ -n $security ]]; then
    say "$security could not be read, so without its fixes:"
    security=
    sources >"$state/sources.list"
    apt-get -q update >&2 2>"$state/errors" && return
  fi
  cat "$state/errors" >&2
  die "the lists of Debian's packages could not be read from $mirror. Try again when the network works, or set" \
    'LAMBIC_DEBIAN_MIRROR to another mirror'
}

# Puts what the packages have into the root, one upon the other.
unpack() {
  local archive
  # As installed systems have it; older packages still name the old directories.
  for directory in bin sbin lib lib64; do
    mkdir -p "$root/usr/$directory"
    ln -s "usr/$directory" "$root/$directory"
  done
  for archive in "$state"/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$archive" |
      tar -x -C "$root" --keep-directory-symlink --no-same-owner --no-same-permissions --warning=no-timestamp ||
      die "$archive could not be unpacked"
  done
  find "$root" -xdev -perm /6000 -type f -exec chmod a-st {} +
  rm -rf "$root"/usr/share/{man,info,locale,lintian,bug,doc-base,bash-completion} "${root:?}"/{boot,home,media,srv}
  find "$root/usr/share/doc" -type f ! -name copyright -delete 2>/dev/null || :
}

# What an environment wants to find: places for its mounts, names of users, and this machine's certificates.
complete() {
  local directory java
  for directory in dev proc tmp etc/ssl/certs opt var/{task,runtime,rapid,lang,tmp}; do
    mkdir -p "$root/$directory"
  done
  chmod 1777 "$root/tmp" "$root/var/tmp"
  : >"$root/etc/hosts"
  : >"$root/etc/resolv.conf"
  # As environments without a root file system of their own have them.
  cat >"$root/etc/passwd" <<'END'
root:x:0:0:root:/root:/usr/sbin/nologin
sbx_user1051:x:993:990::/home/sbx_user1051:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
END
  printf 'root:x:0:\nsbx_user1051:x:990:\nnogroup:x:65534:\n' >"$root/etc/group"
  printf '%s: files\n' passwd group hosts networks protocols services >"$root/etc/nsswitch.conf"
  sed -i 's/^hosts: files/& dns/' "$root/etc/nsswitch.conf"
  ln -sf /proc/self/mounts "$root/etc/mtab"
  ln -sf /usr/share/zoneinfo/UTC "$root/etc/localtime"
  for file in "${SSL_CERT_FILE-}" /etc/ssl/certs/ca-certificates.crt; do
    if [[ -r $file ]]; then
      cp -L "$file" "$root/etc/ssl/certs/ca-certificates.crt"
      ln -sf certs/ca-certificates.crt "$root/etc/ssl/cert.pem"
      break
    fi
  done
  for java in "$root"/usr/lib/jvm/*/; do
    [[ ! -d $java || -L ${java%/} ]] || complete_java "${java%/}"
  done
}

# complete_java HOME: the certificates that its installation would make, and the file that tells its version.
complete_java() {
  local home=$1 certificates=${LAMBIC_JAVA_CERTIFICATES-} version
  if [[ -r $certificates ]]; then
    mkdir -p "$root/etc/ssl/certs/java"
    cp -L "$certificates" "$root/etc/ssl/certs/java/cacerts"
  fi
  if [[ ! -e $home/release ]]; then
    version=$(cd "$state/archives" && printf '%s\n' openjdk-*-jre-headless_*.deb | sed 's/.*_\(.*\)_.*/\1/; s/%3a/:/; s/[-+~].*//; s/^8u/1.8.0_/')
    echo "JAVA_VERSION=\"$version\"" >"$home/release"
  fi
}

for program in apt-get apt-config dpkg dpkg-deb tar; do
  command -v "$program" >/dev/null || die "this needs $program, as Debian and Ubuntu have it"
done
mkdir -p "$state"
exec 8>"$state/lock"
flock -n 8 || say 'waits for another installation'
flock -w 3600 8 || die 'the other installation does not end'
find_mirror
find_keyring
find_security
configure
export APT_CONFIG=$state/apt.conf
update
rm -f "$state"/archives/*.deb
apt-get -q -y --no-install-recommends --download-only install "${base[@]}" "${packages[@]}" >"$state/log" 2>"$state/errors" || {
  cat "$state/log" "$state/errors" >&2
  die "the packages ${packages[*]} could not be had from $mirror (${suites[*]}). Try again, or set LAMBIC_DEBIAN_MIRROR" \
    'to another mirror'
}
grep -E '^(Need to get|Fetched)' "$state/log" >&2 || :
unpack
complete
(cd "$state/archives" && printf '%s\n' *.deb) >"${root%/*}/packages"
rm -f "$state"/archives/*.deb
