#!/usr/bin/env bash
# image.sh LAB: a Debian root with systemd and Xen's tools for dom0, below LAB/systemd. LAB is what stage.sh has filled.
#
# Leaves in LAB/systemd:
#   root/        the root as mmdebstrap made it, kept until apt would install other versions
#   root.ext4    a file system of it, with the lab's units; made anew when one of them changed
#   initrd.gz    mounts /dev/vda and hands over to systemd
# Ends with 3 and one line on standard output when it cannot be made here.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

lab=${1:?usage: image.sh LAB}
out=$lab/systemd
kernel=$(<"$lab/kernel")
version=$(<"$lab/xen-version")
packages=(
    systemd-sysv dbus udev kmod iproute2 socat perl-base
    "xen-utils-$version" xen-utils-common xenstore-utils "libxenmisc$version"
)

cannot() {
    echo "$*"
    exit 3
}

say() {
    echo "image: $*" >&2
}

candidates() {
    local package
    for package in "${packages[@]}"; do
        echo "$package $(apt-cache policy "$package" | awk '$1 == "Candidate:" { print $2 }')"
    done
}

# What this machine installs Debian from, whatever mirror that is.
sources() {
    # shellcheck disable=SC2016 # apt's own variables
    apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)|$(ORIGIN)|$(CODENAME)' 'Created-By: Packages' |
        awk -F'|' -v suite="$1" '$2 == "Debian" && ($3 == suite || index($3, suite "-") == 1) { print $1 }'
}

make_root() {
    local suite
    # shellcheck disable=SC1091 # not ours
    suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
    [ "$(id -u)" -eq 0 ] || cannot "a Debian root can only be unpacked as root"
    say "installing Debian $suite into artifacts (once, a minute or two)"
    rm -rf "$out/root" "$out/root.key"
    sources "$suite" |
        mmdebstrap --mode=root --variant=minbase --aptopt='APT::Install-Recommends "false"' \
            --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
            --dpkgopt='path-exclude=/usr/share/locale/*' \
            --include="$(IFS=,; echo "${packages[*]}")" "$suite" "$out/root" - >"$out/root.log" 2>&1 ||
        cannot "mmdebstrap failed: $(grep -m1 '^E:' "$out/root.log" || tail -n1 "$out/root.log")"
    add_modules "$out/root"
    candidates >"$out/root.key"
}

# add_modules ROOT: of the kernel's 300 MB of modules, what this dom0 uses.
add_modules() {
    local modules=./lib/modules/$kernel path paths=()
    for path in drivers/xen drivers/virtio drivers/block/virtio_blk.ko drivers/block/loop.ko drivers/char/virtio_console.ko \
        fs/ext4 fs/jbd2 fs/mbcache.ko fs/9p fs/netfs fs/fscache fs/autofs fs/configfs fs/fuse net/9p crypto lib arch/x86/crypto; do
        paths+=("$modules/kernel/$path")
    done
    # tar says what it does not find; what is missing is built in.
    dpkg-deb --fsys-tarfile "$lab"/debs/linux-image-*.deb |
        tar -x -C "$1" "$modules"/modules.{builtin,builtin.modinfo,order} "${paths[@]}" 2>/dev/null || true
    chroot "$1" depmod "$kernel"
}

# configure ROOT: a machine that boots to multi-user without asking or waiting for anything, then runs the cases.
configure() {
    local root=$1 units=$1/etc/systemd/system unit
    echo dom0 >"$root/etc/hostname"
    : >"$root/etc/machine-id"
    echo '/dev/vda / ext4 defaults 0 1' >"$root/etc/fstab"
    sed -i 's/^root:[^:]*:/root::/' "$root/etc/shadow"
    # Modules that were left out, and housekeeping that would only take time.
    for unit in systemd-binfmt.service proc-sys-fs-binfmt_misc.automount systemd-pstore.service apt-daily.timer \
        apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer; do
        ln -sf /dev/null "$units/$unit"
    done
    # The journal of the first boot is read in the second.
    mkdir -p "$root/var/log/journal" "$root/lab" "$root/out" "$units/multi-user.target.wants"
    install -m 644 "$here/dom0/lab.service" "$units/"
    # Emulated, and beside other work, a start takes ten times what it takes on a machine.
    mkdir -p "$units/xcsd.service.d"
    printf '[Service]\nTimeoutStartSec=120\nTimeoutStopSec=60\nWatchdogSec=120\n' >"$units/xcsd.service.d/bed.conf"
    ln -sf ../lab.service "$units/multi-user.target.wants/"
}

make_file_system() {
    rm -rf "$out/root.lab" "$out/root.ext4"
    cp -a "$out/root" "$out/root.lab"
    configure "$out/root.lab"
    # No journal: the file is thrown away after each run.
    /sbin/mke2fs -q -t ext4 -O ^has_journal -m 0 -d "$out/root.lab" "$out/root.ext4.new" 700M >/dev/null
    rm -rf "$out/root.lab"
    mv "$out/root.ext4.new" "$out/root.ext4"
}

make_initrd() {
    local dir=$out/initrd modules=lib/modules/$kernel path
    rm -rf "$dir"
    mkdir -p "$dir"/{bin,sbin,dev,proc,sys,root} "$dir/$modules/kernel"
    cp "$lab/stage/bin/busybox" "$dir/bin/"
    ln -s ../bin/busybox "$dir/sbin/modprobe" # the kernel asks for checksums of ext4 by this name
    cp "$out/root/$modules"/modules.{builtin,order} "$dir/$modules/"
    for path in drivers/virtio drivers/block/virtio_blk.ko fs/ext4 fs/jbd2 fs/mbcache.ko crypto/crc32c_generic.ko lib; do
        [ -e "$out/root/$modules/kernel/$path" ] || continue
        mkdir -p "$dir/$modules/kernel/$(dirname "$path")"
        cp -r "$out/root/$modules/kernel/$path" "$dir/$modules/kernel/$(dirname "$path")/"
    done
    "$lab/stage/bin/busybox" depmod -b "$dir" "$kernel"
    install -m 755 "$here/dom0/initrd" "$dir/init"
    pack "$dir" >"$out/initrd.gz"
}

pack() {
    (cd "$1" && find . | cpio -o -H newc --quiet | gzip -1)
}

mkdir -p "$out"
if [ ! -e "$out/root.key" ] || [ "$(candidates)" != "$(<"$out/root.key")" ] || [ ! -e "$out/root/lib/modules/$kernel" ]; then
    make_root
fi
if [ ! -e "$out/root.ext4" ] || [ -n "$(find "$out/root.key" "$here"/{image.sh,dom0/initrd,dom0/lab.service} -newer "$out/root.ext4")" ]; then
    make_initrd
    make_file_system
fi
