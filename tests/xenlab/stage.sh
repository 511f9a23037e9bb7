#!/usr/bin/env bash
# stage.sh DIR: Debian's Xen, its tools and its kernel, unpacked below DIR; nothing of Xen is installed on this machine.
#
# Leaves in DIR:
#   debs/         the packages as they were downloaded
#   stage/        their files (of the kernel: the modules that the lab's dom0 and guests load)
#   xen           the hypervisor, as an ELF file that QEMU boots
#   vmlinux       the kernel, uncompressed: Xen and libxenguest take seconds to inflate one under emulation
#   kernel, xen-version    two words: 6.1.0-56-amd64, 4.17
#
# What is there already is used while it is what apt would download today, or while apt cannot say.
# Ends with 3 and one line on standard output when the packages cannot be had.
set -euo pipefail

out=${1:?usage: stage.sh DIR}

cannot() {
    echo "$*"
    exit 3
}

say() {
    echo "stage: $*" >&2
}

# dependency META PREFIX: the real package that a metapackage stands for.
dependency() {
    apt-cache depends "$1" 2>/dev/null | awk -v prefix="$2" '$1 == "Depends:" && index($2, prefix) == 1 { print $2; exit }'
}

candidate() {
    apt-cache policy "$1" 2>/dev/null | awk '$1 == "Candidate:" && $2 != "(none)" { print $2 }'
}

choose_packages() {
    kernel=$(dependency linux-image-amd64 linux-image-)
    kernel=${kernel#linux-image-}
    hypervisor=$(dependency xen-system-amd64 xen-hypervisor-)
    version=${hypervisor#xen-hypervisor-}
    version=${version%-amd64}
    # The last line is what xl and its libraries are linked to beside the C library.
    packages=(
        "linux-image-$kernel" "$hypervisor" "xen-utils-$version" "libxenmisc$version" libxen-dev
        xenstore-utils libxencall1 libxenevtchn1 libxenforeignmemory1 libxengnttab1 libxenstore4 libxentoollog1
        libxenhypfs1 libxentoolcore1 libxendevicemodel1 busybox-static
        strace libunwind8
        libyajl2 libuuid1 zlib1g liblzma5 libbz2-1.0 liblzo2-2 libzstd1 libnl-3-200 libnl-route-3-200 libaio1
    )
}

wanted() {
    local package
    for package in "${packages[@]}"; do
        echo "$package $(candidate "$package")"
    done
}

download() {
    local reason
    rm -rf "$out/debs.new"
    mkdir -p "$out/debs.new"
    say "downloading ${#packages[@]} packages"
    if ! (cd "$out/debs.new" && apt-get -q download "${packages[@]}") >"$out/download.log" 2>&1; then
        reason=$(grep -m1 '^E:' "$out/download.log" || tail -n1 "$out/download.log")
        [ -e "$out/staged" ] || cannot "the Debian packages of Xen cannot be downloaded: $reason"
        say "using what is staged; newer packages cannot be downloaded: $reason"
        exit 0
    fi
    rm -rf "$out/debs" "$out/staged"
    mv "$out/debs.new" "$out/debs"
}

unpack() {
    local deb modules
    rm -rf "$out/stage" "$out/stage.new"
    mkdir -p "$out/stage.new"
    for deb in "$out"/debs/*.deb; do
        case ${deb##*/} in
            linux-image-*)
                # Of 300 MB of modules, what talks to Xen and to QEMU.
                modules="./lib/modules/*/kernel"
                dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$out/stage.new" --wildcards './boot/vmlinuz-*' \
                    './lib/modules/*/modules.builtin*' './lib/modules/*/modules.order' \
                    "$modules/drivers/xen/*" "$modules/drivers/virtio/*" "$modules/drivers/char/virtio_console.ko*" \
                    "$modules/fs/9p/*" "$modules/fs/netfs/*" "$modules/fs/fscache/*" "$modules/net/9p/*"
                ;;
            *) dpkg-deb -x "$deb" "$out/stage.new" ;;
        esac
    done
    "$out/stage.new/bin/busybox" depmod -b "$out/stage.new" "$kernel"
    mv "$out/stage.new" "$out/stage"
}

# The kernel proper is a compressed payload inside the bzImage; where, its header says (boot protocol 2.08).
extract_kernel() {
    local image=$out/stage/boot/vmlinuz-$kernel payload=$out/payload
    perl -e '
        local $/; open(my $f, "<:raw", $ARGV[0]) or die; my $image = <$f>;
        my ($offset, $length) = unpack("VV", substr($image, 0x248, 8));
        my $sectors = ord(substr($image, 0x1f1, 1)) || 4;
        print substr($image, ($sectors + 1) * 512 + $offset, $length);' "$image" >"$payload"
    case $(head -c 4 "$payload" | od -An -tx1 | tr -d ' ') in
        fd377a58) xz -dc --single-stream <"$payload" ;;
        28b52ffd) zstd -dcq <"$payload" 2>/dev/null || true ;; # the size that follows is no frame
        1f8b*) gzip -dcq <"$payload" 2>/dev/null || true ;;
        *) cannot "the kernel $kernel is compressed in a way that is not known here" ;;
    esac >"$out/vmlinux.new"
    rm "$payload"
    [ "$(head -c 4 "$out/vmlinux.new" | tail -c 3)" = ELF ] || cannot "no ELF file in the kernel $kernel"
    mv "$out/vmlinux.new" "$out/vmlinux"
}

mkdir -p "$out"
choose_packages
if [ -z "$kernel" ] || [ -z "$version" ]; then
    [ "$(id -u)" -ne 0 ] || apt-get update -qq >/dev/null 2>&1 || true
    choose_packages
fi
if [ -z "$kernel" ] || [ -z "$version" ]; then
    if [ -e "$out/staged" ]; then
        exit 0
    fi
    cannot "apt knows no xen-system-amd64 and linux-image-amd64 (apt-get update?)"
fi
wanted >"$out/wanted"
if ! cmp -s "$out/wanted" "$out/staged"; then
    download
    unpack
    gzip -dc "$out/stage/boot/xen-$version-amd64.gz" >"$out/xen"
    extract_kernel
    echo "$kernel" >"$out/kernel"
    echo "$version" >"$out/xen-version"
    mv "$out/wanted" "$out/staged"
fi
