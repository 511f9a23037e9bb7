#!/usr/bin/env bash
# run.sh [FILTER]: the cases of cases/ whose names contain FILTER, in a Debian dom0 under systemd on a real Xen in QEMU.
# Prints a line a case, what is known of each that failed, and at last "N passed, N failed, N skipped".
# `./build.sh lab systemd` builds first and then calls this.
#   XCS_BIN=FOLDER        the executables, if not artifacts/bin
#   XCS_LAB_PATIENCE=N    multiplies every deadline, on a slow or busy machine
set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
root=$(realpath "$here/../../..")
lab=${XCS_LAB_DIR:-$root/artifacts/xenlab}
bed=$lab/systemd
bin=${XCS_BIN:-$root/artifacts/bin}
run=$bed/run
out=$run/out
patience_factor=${XCS_LAB_PATIENCE:-1}
boot_patience=$((300 * patience_factor))
# How long after its own deadline a case may take to be cut off and cleaned up.
grace=$((120 * patience_factor))

filter=${1:-}
cases=()
# shellcheck source=tests/xenlab/outcome.sh disable=SC1091 # linted by itself
source "$here/../outcome.sh" "lab systemd" "$bed" "$out"

# header NAME WORD DEFAULT: the value of a case's comment line "# WORD: VALUE".
header() {
    local value
    value=$(sed -n "s/^# $2: *//p" "$here/cases/$1.sh" | head -n 1)
    echo "${value:-$3}"
}

select_cases() {
    local name
    cases=()
    second_boot=no
    while read -r name; do
        if [[ $name == *"$filter"* ]] || [ "$(header "$name" always no)" = yes ]; then
            cases+=("$name")
            [ "$(header "$name" boot 1)" = 1 ] || second_boot=yes
        fi
    done < <(cd "$here/cases" && printf '%s\n' *.sh | sed 's/\.sh$//')
    if ! printf '%s\n' "${cases[@]}" | grep -qF -- "$filter"; then
        echo "lab systemd: no case in tests/xenlab/systemd/cases has '$filter' in its name" >&2
        exit 2
    fi
}

# step COMMAND...: a script that ends with 3 when something cannot be had here, and then says what.
step() {
    local reason status=0
    reason=$("$@") || status=$?
    [ $status -ne 3 ] || skip_all "$reason"
    [ $status -eq 0 ] || { echo "lab systemd: $1 ended with status $status" >&2; exit 1; }
}

prepare() {
    mkdir -p "$bed"
    PATH=$PATH:/usr/sbin:/sbin
    have qemu-system-x86_64=qemu-system-x86 cpio=cpio gcc=gcc make=make perl=perl-base xz=xz-utils zstd=zstd flock=util-linux \
        mmdebstrap=mmdebstrap mke2fs=e2fsprogs
    [ -x "$bin/xcsd" ] || { echo "lab systemd: there is no $bin/xcsd; run ./build.sh" >&2; exit 1; }
    exec 8>"$lab/lock"
    flock -n 8 || { echo "lab systemd: another run uses $lab; waiting for it"; flock 8; }
    step "$here/../stage.sh" "$lab"
    step "$here/../images.sh" "$bin" "$lab"
    step "$here/image.sh" "$lab"
    fill_run
}

# What dom0 sees of this run: /lab is $run/lab, read-only, and /out is $run/out.
fill_run() {
    rm -rf "$run"
    mkdir -p "$run/lab"/{bin,cases,dom0,guest,tools,units} "$out"
    cp "$bin"/{xcsd,xcsctl,xcs-guest} "$run/lab/bin/"
    find "$bin" -maxdepth 1 -name '*.so' ! -name libsimxen.so ! -name libxcs_xenctrl.so -exec cp {} "$run/lab/bin/" \;
    cp "$lab/libxcs_xenctrl.so" "$run/lab/bin/"
    cp "$root"/systemd/xcsd* "$run/lab/units/"
    offer_packages
    cp "$here"/dom0/{run-cases,lib.sh} "$run/lab/dom0/"
    cp "$here"/dom0/*.pl "$run/lab/dom0/" 2>/dev/null || true
    cp "$here"/cases/*.sh "$run/lab/cases/"
    cp "$lab"/tools/lab-* "$run/lab/tools/"
    cp "$lab/linux.cpio" "$lab/vmlinux.gz" "$lab/stage/bin/busybox" "$run/lab/guest/"
    printf '%s\n' "${cases[@]}" >"$run/lab/selected"
    echo "$patience_factor" >"$run/lab/patience"
    [ $second_boot = no ] || : >"$run/lab/second-boot"
    cp --sparse=always "$bed/root.ext4" "$run/root.ext4"
    mkfifo "$run/port.in" "$run/port.out"
}

# The package, and the same again as its successor.
offer_packages() {
    local package
    mkdir -p "$run/lab/packages"/{old,new}
    for package in "$root"/artifacts/packages/xcsd_*_amd64.deb; do
        [ -e "$package" ] || return 0
        cp "$package" "$run/lab/packages/old/"
        rm -rf "$run/next"
        dpkg-deb -R "$package" "$run/next"
        sed -i 's/^Version: .*/&+next/' "$run/next/DEBIAN/control"
        dpkg-deb --root-owner-group -b "$run/next" "$run/lab/packages/new/" >/dev/null
        rm -rf "$run/next"
    done
}

# One boot. -no-reboot: Xen's reboot ends QEMU, so that a crash is seen and a wanted reboot is a new QEMU. See lab.sh for the CPU.
boot() {
    (
        qemu-system-x86_64 -accel tcg,thread=multi -cpu max,-smap,-rdtscp,-avx,-avx2,-fma,-f16c -m 1536 -smp 2 \
            -nodefaults -vga none -display none -monitor none -nic none -no-reboot \
            -kernel "$lab/xen" -append "console=com1 com1=115200,8n1 dom0_mem=768M,max:768M dom0_max_vcpus=1 \
loglvl=warning guest_loglvl=warning sched=credit bootscrub=0 spec-ctrl=eager-fpu" \
            -initrd "$lab/vmlinux console=hvc0 panic=-1 quiet rdinit=/init,$bed/initrd.gz" \
            -drive "file=$run/root.ext4,if=none,id=root,format=raw,cache=unsafe" -device virtio-blk-pci,drive=root \
            -virtfs "local,path=$run/lab,mount_tag=lab,security_model=none,readonly=on" \
            -virtfs "local,path=$out,mount_tag=out,security_model=none" \
            -serial "file:$run/serial-$1.log" -device virtio-serial-pci \
            -chardev "pipe,id=lab,path=$run/port" -device virtserialport,chardev=lab,name=lab </dev/null >"$run/qemu.log" 2>&1 8>&- &
        echo $! >"$run/qemu.pid"
        wait $! || true
        echo "gone" >&9
    ) &
    waiter=$!
}

end_qemu() {
    kill "$(<"$run/qemu.pid")" 2>/dev/null || true
}

show_figures() {
    [ ! -s "$out/$1/figures" ] || indent <"$out/$1/figures"
}

show_serial() {
    local name
    for name in "$run"/serial-*.log; do
        echo "  -- the end of ${name#"$root/"}"
        tail -n 30 "$name" | indent
    done
}

# Reads what dom0 says, a line at a time, until it is done or says nothing for too long.
follow() {
    local patience=$boot_patience boots=1 line word name rest outcome seconds reason rebooting=no
    boot 1
    while true; do
        if ! IFS= read -r -t "$patience" line <&9; then
            give_up "dom0 said nothing for $patience s"
            return
        fi
        read -r word name rest <<<"${line%$'\r'}"
        case $word in
            booted)
                echo "lab systemd: boot $boots: multi-user at $name s"
                patience=$grace
                ;;
            begin) patience=$((rest + grace)) ;;
            end)
                read -r outcome seconds reason <<<"$rest"
                patience=$grace
                result "$name" "$outcome" "$seconds" "$reason"
                ;;
            rebooting) rebooting=yes ;;
            gone)
                if [ $rebooting = no ]; then
                    give_up "dom0 or Xen died"
                    return
                fi
                rebooting=no
                boots=$((boots + 1))
                patience=$boot_patience
                boot $boots
                ;;
            "done") return ;;
        esac
    done
}

select_cases
prepare
exec 9<>"$run/port.out"
trap end_qemu EXIT
follow
# dom0 powers off by itself; what hangs is ended.
for _ in $(seq 50); do
    kill -0 "$waiter" 2>/dev/null || break
    sleep 0.1
done
end_qemu
rm -f "$run/root.ext4"
finish
