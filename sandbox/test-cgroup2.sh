#!/usr/bin/env bash
# Runs the sandbox tests on control groups of version 2, in a small emulated machine.
#
#   sandbox/test-cgroup2.sh [TEST-CLASS...]
#
# The machine boots Debian's kernel by software emulation, so it needs no KVM and takes some
# minutes. Its root is this machine's, read-only, with memory on top for what is written. Needs root
# and Debian's package sources; installs what is missing. Ends with a line "N passed, N failed".
set -euo pipefail

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
project=$(dirname "$here")
scratch=$here/target/cgroup2
seconds=${LAMBIC_VM_SECONDS:-1800}
junit=$(sed -n 's:.*<junit.version>\(.*\)</junit.version>.*:\1:p' "$project/pom.xml")
tests=("$@")
if [ ${#tests[@]} -eq 0 ]; then
  tests=(CgroupContractTest LifecycleTest FreezeTest LimitsTest OutputTest AttachTest FilterTest SharedMountTest
    HostileTest ImageRootTest CrashTest RemainsTest HostProbeTest TemplateTest ForkedFilterTest
    ForkedHostileTest)
fi

say() { echo "test-cgroup2: $*" >&2; }
die() {
  say "$*"
  exit 1
}

[ "$(id -u)" = 0 ] || die "run as root"
[ "$(uname -m)" = x86_64 ] || die "knows x86-64 only"

install_tools() {
  local missing=()
  command -v qemu-system-x86_64 >/dev/null || missing+=(qemu-system-x86)
  command -v cpio >/dev/null || missing+=(cpio)
  command -v depmod >/dev/null || missing+=(kmod)
  busybox --help 2>/dev/null | grep -q switch_root && ! ldd "$(command -v busybox)" >/dev/null 2>&1 ||
    missing+=(busybox-static)
  [ ${#missing[@]} -eq 0 ] && return
  say "installing ${missing[*]}"
  apt-get install -y -q --no-install-recommends "${missing[@]}" >&2 ||
    { apt-get update -q >&2 && apt-get install -y -q --no-install-recommends "${missing[@]}" >&2; }
}

fetch_kernel() {
  [ -d "$scratch/kernel/boot" ] && return
  local package
  package=$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: *//p' | head -n 1)
  [ -n "$package" ] || die "no package linux-image-amd64: are these Debian's sources?"
  say "fetching $package"
  rm -rf "$scratch/download" "$scratch/kernel"
  mkdir -p "$scratch/download"
  # The user of apt's download cannot write everywhere, which is only a warning.
  (cd "$scratch/download" && { apt-get download -q "$package" ||
    { apt-get update -q && apt-get download -q "$package"; }; }) >&2
  dpkg-deb -x "$scratch"/download/*.deb "$scratch/kernel.part"
  mv "$scratch/kernel.part" "$scratch/kernel"
}

build_tests() {
  say "building the tests"
  (cd "$project" && ${LAMBIC_MVN:-./mvnw} -q -pl sandbox -am -DskipTests=false test-compile \
    org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath \
    -Dmdep.outputFile="$scratch/classpath" \
    org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
    -Dartifact="org.junit.platform:junit-platform-console-standalone:$junit" \
    -DoutputDirectory="$scratch" -Dmdep.useBaseVersion=true) >&2
}

# A copy of the classes, for the next build must not change them under the running machine.
copy_classes() {
  rm -rf "$scratch/classes"
  cp -r "$here/target/test-classes" "$scratch/classes"
  cp -r "$here/target/classes/." "$project/kernel/target/classes/." "$scratch/classes/"
}

# The modules that the root file system needs, in the order of their dependencies.
make_initrd() {
  local version root module
  version=$(basename "$scratch"/kernel/lib/modules/*)
  root=$scratch/initrd
  rm -rf "$root"
  mkdir -p "$root"/{bin,proc,sys,dev,modules,host,upper,new}
  cp "$(command -v busybox)" "$root/bin/busybox"
  depmod -b "$scratch/kernel" "$version"
  : >"$root/modules/order"
  for name in virtio_pci 9pnet_virtio 9p overlay loop ext4; do
    modprobe -d "$scratch/kernel" -S "$version" --show-depends "$name" 2>/dev/null |
      sed -n 's/^insmod \(\S*\).*/\1/p' | while read -r module; do
      if ! grep -qx "$(basename "$module")" "$root/modules/order"; then
        cp "$module" "$root/modules/"
        basename "$module" >>"$root/modules/order"
      fi
    done
  done
  cp "$scratch/run.sh" "$root/run.sh"
  cat >"$root/init" <<'EOF'
#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs devtmpfs /dev
for module in $($b cat /modules/order); do
  case $module in
    *.xz) $b unxz -c "/modules/$module" >/modules/plain.ko && $b insmod /modules/plain.ko ;;
    *) $b insmod "/modules/$module" ;;
  esac || echo "no module $module"
done
fail() {
  echo "LAMBIC-VM-ERROR $*"
  $b poweroff -f
}
$b mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=loose,ro host /host || fail 9p
$b mount -t tmpfs -o size=75% upper /upper && $b mkdir /upper/data /upper/work
$b mount -t overlay -o lowerdir=/host,upperdir=/upper/data,workdir=/upper/work root /new ||
  fail overlay
$b mount --move /proc /new/proc && $b mount --move /sys /new/sys && $b mount --move /dev /new/dev
$b mkdir -p /new/tmp /new/dev/pts
$b mount -t tmpfs -o mode=1777,size=20g tmp /new/tmp
$b mount -t cgroup2 none /new/sys/fs/cgroup || fail cgroup2
$b ifconfig lo up
$b cp /run.sh /new/tmp/run.sh
exec $b switch_root /new /bin/bash /tmp/run.sh
EOF
  chmod +x "$root/init"
  (cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$scratch/initrd.gz"
}

# What runs inside; all paths are those of this machine.
write_run() {
  local java classpath selected
  java=$(readlink -f "$JAVA_HOME/bin/java")
  classpath=$(tr ':' '\n' <"$scratch/classpath" | grep -v -e /target/classes -e /org/junit/ -e /opentest4j/ -e /apiguardian/ |
    tr '\n' ':')
  selected=$(printf ' --select-class dev.lambic.sandbox.%s' "${tests[@]}")
  cat >"$scratch/run.sh" <<EOF
run_tests() {
  '$java' -XX:TieredStopAtLevel=1 -Xshare:auto -Xmx512m --enable-native-access=ALL-UNNAMED \\
    -Djava.io.tmpdir=/tmp -Dlambic.root='$project' \\
    -cp '$scratch/classes:$scratch/junit-platform-console-standalone-$junit.jar:$classpath' \\
    org.junit.platform.console.ConsoleLauncher \\
    execute --disable-banner --disable-ansi-colors --details=tree "\$@"
}
# As a container sees it: the group of the server's own processes is the root of the tree.
run_tests_in_container() {
  local box=/sys/fs/cgroup/box
  mkdir \$box
  echo '+memory +cpu +pids' >/sys/fs/cgroup/cgroup.subtree_control
  export -f run_tests
  bash -c "echo 0 >\$box/cgroup.procs; exec unshare -C -m bash -c '
    umount /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && cat /proc/self/cgroup && run_tests \$*'"
}
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LANG=C.UTF-8
ulimit -n 20000
uname -r
grep cgroup /proc/mounts
cd '$here'
run_tests$selected
run_tests_in_container --select-class dev.lambic.sandbox.CgroupContractTest \\
  --select-class dev.lambic.sandbox.LifecycleTest
echo "LAMBIC-VM-EXIT \$?"
echo o >/proc/sysrq-trigger
sleep 60
EOF
}

run_machine() {
  say "booting (at most $seconds s)"
  timeout --foreground "$seconds" qemu-system-x86_64 \
    -accel tcg,thread=multi -cpu max -smp "${LAMBIC_VM_CPUS:-2}" -m 4096 -nographic -no-reboot -nodefaults \
    -serial stdio -kernel "$scratch"/kernel/boot/vmlinuz-* -initrd "$scratch/initrd.gz" \
    -append "console=ttyS0 panic=-1 quiet loglevel=3 systemd.unified_cgroup_hierarchy=1" \
    -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
    </dev/null | tr -d '\r' | tee "$scratch/output"
}

mkdir -p "$scratch"
export JAVA_HOME=${JAVA_HOME:-$("$project/mvnw" --java-home)}
install_tools
fetch_kernel
build_tests
copy_classes
write_run
make_initrd
run_machine || say "the machine ended with status $?"

# Both runs inside together.
count() {
  sed -n "s/^\\[ *\\([0-9]*\\) tests $1.*/\\1/p" "$scratch/output" | awk '{ n += $1 } END { print n + 0 }'
}
passed=$(count successful)
failed=$(count failed)
runs=$(grep -c '^Test run finished' "$scratch/output" || :)
if [ "$runs" != 2 ] || ! grep -q '^LAMBIC-VM-EXIT' "$scratch/output"; then
  die "the tests did not come to their end; see $scratch/output"
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
