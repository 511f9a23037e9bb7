#!/usr/bin/env bash
# images.sh BIN DIR: from the project's executables in BIN and what stage.sh left in DIR to what the lab boots:
#   DIR/dom0.cpio     dom0: busybox, Xen's tools, xcsd and xcsctl, the lab's programs, the guests
#   DIR/linux.cpio    a Linux guest: busybox, xcs-guest, the lab's programs (also inside dom0)
# The archives are not compressed: under emulation inflating costs more than reading.
set -euo pipefail

bin=$(realpath "${1:?usage: images.sh BIN DIR}")
out=$(realpath "${2:?usage: images.sh BIN DIR}")
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
stage=$out/stage
libraries=$stage/usr/lib/x86_64-linux-gnu
kernel=$(<"$out/kernel")
version=$(<"$out/xen-version")

die() {
    echo "images.sh: $*" >&2
    exit 1
}

# copy_libraries ROOT FILE...: what the programs are linked to; the staged libraries first, the rest (the C library) from this
# machine, which also linked the executables.
copy_libraries() {
    local root=$1 list file
    shift
    mkdir -p "$root/lib/x86_64-linux-gnu" "$root/lib64"
    list=$(LD_LIBRARY_PATH=$libraries:$stage/lib/x86_64-linux-gnu ldd "$@" 2>/dev/null)
    if file=$(grep -m1 'not found' <<<"$list"); then
        die "a library is missing:$file"
    fi
    awk '$2 == "=>" && $3 ~ /^\// { print $3 }' <<<"$list" | sort -u | while read -r file; do
        cp -Lu "$file" "$root/lib/x86_64-linux-gnu/"
    done
    # The C library opens the last one by name, when a thread is cancelled (libxenstore does).
    cp -Lu /lib64/ld-linux-x86-64.so.2 "$root/lib64/"
    cp -Lu /lib/x86_64-linux-gnu/libgcc_s.so.1 "$root/lib/x86_64-linux-gnu/"
}

# Libraries that our executables open by name, with what these need.
copy_xen_libraries() {
    local root=$1 name
    shift
    for name; do
        cp -Lu "$libraries/$name" "$root/lib/x86_64-linux-gnu/"
        copy_libraries "$root" "$libraries/$name"
    done
}

archive() {
    (cd "$1" && find . -print0 | sort -z | cpio -o -0 -H newc -R 0:0 --quiet) >"$2"
}

# Folders, busybox, kernel modules, xenstore's programs, the lab's programs: the same in dom0 and in a Linux guest.
common_root() {
    local root=$1 programs
    mkdir -p "$root"/{bin,dev,etc,lab/bin,lib/modules,out,proc,root,run,sys,tmp,usr,var}
    ln -s ../bin "$root/usr/bin"
    ln -s ../run "$root/var/run"
    ln -s ../run/lock "$root/var/lock"
    echo root:x:0:0:root:/root:/bin/sh >"$root/etc/passwd"
    echo root:x:0: >"$root/etc/group"
    cp "$stage/bin/busybox" "$root/bin/"
    find "$stage/usr/bin" -name 'xenstore*' -type f -exec cp -a {} "$root/bin/" \;
    cp "$out"/tools/lab-* "$root/lab/bin/"
    programs=("$root"/bin/xenstore* "$root"/lab/bin/*)
    copy_libraries "$root" "${programs[@]}"
}

linux_root() {
    local root=$out/root-linux
    rm -rf "$root"
    common_root "$root"
    mkdir -p "$root/lib/modules/$kernel/kernel/drivers"
    cp -r "$stage/lib/modules/$kernel/kernel/drivers/xen" "$root/lib/modules/$kernel/kernel/drivers/"
    cp "$stage/lib/modules/$kernel"/modules.* "$root/lib/modules/$kernel/"
    cp "$bin/xcs-guest" "$root/bin/"
    copy_libraries "$root" "$bin/xcs-guest"
    copy_xen_libraries "$root" libxenevtchn.so.1 libxengnttab.so.1 libxenstore.so.4
    install -m 755 "$here/domu/init" "$root/init"
    cp "$here"/domu/{lib.sh,shell-profile} "$root/lab/"
    archive "$root" "$out/linux.cpio"
}

dom0_root() {
    local root=$out/root-dom0 xen=usr/lib/xen-$version/bin program
    rm -rf "$root"
    common_root "$root"
    mkdir -p "$root/$xen" "$root"/{etc/xen/scripts,guest,lab/preload,var/lib/xen,var/lib/xenstored,var/log/xen} "$root/lab/cases"
    ln -s "xen-$version" "$root/usr/lib/xen"
    : >"$root/etc/xen/xl.conf"
    cp -r "$stage/lib/modules/$kernel" "$root/lib/modules/"
    for program in xl xenstored xenconsoled xenconsole xen-init-dom0 lsevtchn xen-diag libxl-save-helper; do
        cp "$stage/$xen/$program" "$root/$xen/"
    done
    cp "$stage/usr/bin/strace" "$bin"/{xcsd,xcsctl,xcs-guest} "$root/bin/"
    find "$bin" -maxdepth 1 -name '*.so' ! -name libsimxen.so ! -name libxcs_xenctrl.so -exec cp {} "$root/bin/" \;
    cp "$out/libxcs_xenctrl.so" "$root/lib/x86_64-linux-gnu/"
    copy_libraries "$root" "$root/$xen"/* "$root"/bin/{xcs*,strace} "$out/libxcs_xenctrl.so"
    copy_xen_libraries "$root" libxenevtchn.so.1 libxenforeignmemory.so.1 libxengnttab.so.1 libxenstore.so.4
    install -m 755 "$here"/dom0/{init,run-cases} "$root/lab/"
    mv "$root/lab/init" "$root/init"
    cp "$here"/dom0/{lib.sh,consoles.sh,figures.sh,shell.txt,shell-profile} "$root/lab/"
    cp "$here"/cases/*.sh "$root/lab/cases/"
    cp "$out"/tools/preload/*.so "$root/lab/preload/"
    cp "$out/linux.cpio" "$out/vmlinux.gz" "$root/guest/"
    find "$out/guest" -name 'guest-*.elf' -exec cp {} "$root/guest/" \; 2>/dev/null || true
    archive "$root" "$out/dom0.cpio"
}

make -s -C "$here/tools" OUT="$out/tools" STAGE="$stage"
# Built against the staged headers and libraries: libxenctrl has no stable ABI.
make -s -C "$here/../../native-shims" OUT="$out" CFLAGS="-isystem $stage/usr/include" \
    LDFLAGS="-L$libraries -Wl,-rpath-link,$libraries" xenctrl
if [ -d "$here/guest" ]; then
    make -s -C "$here/guest" OUT="$out/guest" XEN_HEADERS="$stage/usr/include"
fi
if [ ! -e "$out/vmlinux.gz" ] || [ "$out/vmlinux" -nt "$out/vmlinux.gz" ]; then
    gzip -1 -c "$out/vmlinux" >"$out/vmlinux.gz"
fi
linux_root
dom0_root
