#!/usr/bin/env bash
# lab.sh [--shell] [FILTER]...: the cases of cases/ whose names contain a FILTER, in dom0 of a real Xen under QEMU. A case with
# the line "# when: on demand" runs only when a FILTER is its whole name.
# Prints a line a case, what is known of each that failed, and at last "N passed, N failed, N skipped".
# --shell: a shell in that dom0 on this terminal instead. `./build.sh lab` builds first and then calls this.
#   XCS_BIN=FOLDER        the executables, if not artifacts/bin
#   XCS_LAB_PATIENCE=N    multiplies every deadline; otherwise the load average decides
#   XCS_LAB_SECONDS=N     begin no case when dom0 has been up for so long; those that are left are skipped
#   XCS_LAB=off           count every case as skipped
#   XCS_LAB_CONSOLE=xenconsoled    run the cases of "# daemon: console" under that instead of xcsd, to prove the cases
set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
root=$(realpath "$here/../..")
lab=$root/artifacts/xenlab
bin=${XCS_BIN:-$root/artifacts/bin}
logs=$lab/logs
# A guest that boots in 8 seconds on a quiet machine needs a minute on a busy one.
patience=${XCS_LAB_PATIENCE:-$(awk -v processors="$(nproc)" '{ print int(3 + $1 / processors / 2) }' /proc/loadavg)}
# Seconds to dom0's first word: 8 on a quiet machine, 30 on a loaded one.
boot_patience=$((180 * patience))
# How long after its own deadline a case may take to be cut off and cleaned up.
grace=$((120 * patience))

shell=no
filters=()
for argument; do
    case $argument in
        --shell) shell=yes ;;
        -*)
            echo "usage: lab.sh [--shell] [FILTER]..." >&2
            exit 2
            ;;
        *) filters+=("$argument") ;;
    esac
done

# chosen NAME: whether this run is to have the case.
chosen() {
    local filter
    if grep -q '^# when: on demand' "$here/cases/$1.sh"; then
        for filter in "${filters[@]}"; do
            [ "$filter" != "$1" ] || return 0
        done
        return 1
    fi
    for filter in "${filters[@]}"; do
        [[ $1 != *"$filter"* ]] || return 0
    done
    [ ${#filters[@]} -eq 0 ]
}

cases=()
for name in "$here"/cases/*.sh; do
    name=${name##*/}
    name=${name%.sh}
    if chosen "$name"; then
        cases+=("$name")
    fi
done
if [ ${#cases[@]} -eq 0 ] && [ $shell = no ]; then
    echo "lab: no case in tests/xenlab/cases has '${filters[*]}' in its name" >&2
    exit 2
fi

# shellcheck source=tests/xenlab/outcome.sh disable=SC1091 # linted by itself
source "$here/outcome.sh" lab "$lab" "$logs"

prepare() {
    local reason status=0
    [ "${XCS_LAB:-}" != off ] || skip_all "XCS_LAB=off"
    mkdir -p "$lab"
    have qemu-system-x86_64=qemu-system-x86 cpio=cpio gcc=gcc make=make perl=perl-base xz=xz-utils zstd=zstd flock=util-linux
    [ -x "$bin/xcsd" ] || { echo "lab: there is no $bin/xcsd; run ./build.sh" >&2; exit 1; }
    exec 8>"$lab/lock"
    flock -n 8 || { echo "lab: another run uses $lab; waiting for it"; flock 8; }
    reason=$("$here/stage.sh" "$lab") || status=$?
    [ $status -ne 3 ] || skip_all "$reason"
    [ $status -eq 0 ] || { echo "lab: stage.sh ended with status $status" >&2; exit 1; }
    "$here/images.sh" "$bin" "$lab"
}

# Without SMAP: QEMU before 9.1 gets an IRET from ring 3 to ring 3 wrong with it. Without RDTSCP: Xen cannot emulate it for
# PVH guests on TCG. Without AVX and what builds on it (`wc` asks for AVX2 alone): programs get an invalid opcode for it now and
# then. With eager-fpu: Xen's lazy switching of vector registers, on TCG with XSAVE, gives programs those of others; a copy has then
# 16 wrong bytes, once in some hundred megabytes. No comma in dom0's arguments: it would begin the next module.
start_qemu() {
    local arguments=$1
    shift
    exec qemu-system-x86_64 -accel tcg,thread=multi -cpu max,-smap,-rdtscp,-avx,-avx2,-fma,-f16c -m 2048 -smp 2 \
        -nodefaults -vga none -display none -nic none -no-reboot \
        -kernel "$lab/xen" -append "console=com1 com1=115200,8n1 dom0_mem=800M,max:800M dom0_max_vcpus=1 \
loglvl=warning guest_loglvl=warning sched=credit bootscrub=0 spec-ctrl=eager-fpu" \
        -initrd "$lab/vmlinux console=hvc0 panic=-1 quiet rdinit=/init${arguments:+ $arguments},$lab/dom0.cpio" \
        -virtfs "local,path=$logs,mount_tag=out,security_model=none" -device virtio-serial-pci "$@"
}

show_serial() {
    echo "  -- the end of ${lab#"$root/"}/serial.log"
    tail -n 30 "$lab/serial.log" | indent
}

# What a case has found out (/run/lab/logs/report.txt) is shown, and stays until it finds out something else.
show_figures() {
    local report=$logs/$1/report.txt
    if [ -e "$report" ]; then
        cp "$report" "$lab/${1#*-}.txt"
        indent <"$report"
        echo "  -- also in ${lab#"$root/"}/${1#*-}.txt"
    fi
}

# Guests that QEMU has crashed since dom0 was booted (run-cases has the signs).
crashed_guests() {
    grep -aEc 'RIP: +(e008:\[<ffff82d|0010:\[<ffffffff)' "$lab/serial.log" 2>/dev/null || true
}

# The next line that dom0 says, within so many seconds. 1: none came. 2: QEMU has crashed a guest, and a minute later dom0 has still not ended the case: now and
# then it hangs itself then, or its time stands still.
hear() {
    local left=$1 crashed=-1
    while [ "$left" -gt 0 ]; do
        if IFS= read -r -t 10 line <&9; then
            return 0
        fi
        left=$((left - 10))
        if [ "$crashed" -ge 0 ]; then
            crashed=$((crashed + 1))
            [ "$crashed" -lt 6 ] || return 2
        elif [ "$(crashed_guests)" -gt "$known_crashes" ]; then
            crashed=0
        fi
    done
    return 1
}

# Reads what dom0 says, a line at a time, until it is done or says nothing for too long. 1: it is to be booted anew.
follow() {
    local allowed=$boot_patience line word name rest seconds reason outcome heard
    running=
    known_crashes=0
    while true; do
        heard=0
        hear "$allowed" || heard=$?
        if [ "$heard" = 2 ] && [ -n "$running" ] && [ -z "${rebooted[$running]:-}" ]; then
            rebooted[$running]=yes
            mv "$logs/$running" "$logs/$running.emulator" 2>/dev/null || true
            printf '%-8s %6s   %s: QEMU has crashed its guest, and dom0 hangs; booted anew\n' again "" "$running"
            return 1
        fi
        if [ "$heard" != 0 ]; then
            give_up "dom0 said nothing for $allowed s"
            return
        fi
        read -r word name rest <<<"${line%$'\r'}"
        case $word in
            booted)
                echo "lab: Xen $(<"$lab/xen-version") booted, dom0 at $name s; deadlines times $patience"
                allowed=$grace
                ;;
            begin)
                running=$name
                known_crashes=$(crashed_guests)
                allowed=$((rest + grace))
                ;;
            again)
                printf '%-8s %6ss  %s: QEMU has crashed its guest (logs/%s.emulator); once more\n' again "$rest" "$name" "$name"
                ;;
            end)
                read -r outcome seconds reason <<<"$rest"
                running=
                allowed=$grace
                result "$name" "$outcome" "$seconds" "$reason"
                ;;
            broken)
                give_up "not run: $name $rest"
                return
                ;;
            gone)
                give_up "dom0 or Xen died"
                return
                ;;
            "done") return ;;
        esac
    done
}

# The folder that dom0 sees as /out.
offer_folder() {
    rm -rf "$logs"
    mkdir -p "$logs"
    echo "$patience" >"$logs/patience"
    echo "${XCS_LAB_CONSOLE:-xcsd}" >"$logs/console-daemon"
}

# Boots dom0 for these cases and follows it. 1: it is to be booted anew.
run_dom0() {
    local name status=0
    rm -f "$lab"/port.* "$lab/serial.log"
    printf '%s\n' "$@" >"$logs/cases"
    # By its own clock, which begins anew with it.
    [ -z "${XCS_LAB_SECONDS:-}" ] || echo $((XCS_LAB_SECONDS - SECONDS + began)) >"$logs/seconds"
    mkfifo "$lab/port.in" "$lab/port.out"
    exec 9<>"$lab/port.out"
    (
        start_qemu "" -monitor none -serial "file:$lab/serial.log" \
            -chardev "pipe,id=lab,path=$lab/port" -device virtserialport,chardev=lab,name=lab </dev/null >"$lab/qemu.log" 2>&1 &
        echo $! >"$lab/qemu.pid"
        wait $! || true
        echo "gone" >&9
    ) &
    waiter=$!
    trap 'kill "$(<"$lab/qemu.pid")" 2>/dev/null || true' EXIT
    follow || status=1
    [ $status -eq 0 ] || kill "$(<"$lab/qemu.pid")" 2>/dev/null || true
    # dom0 powers off by itself; what hangs is ended.
    for name in $(seq 50); do
        kill -0 "$waiter" 2>/dev/null || break
        [ "$name" -lt 50 ] || kill "$(<"$lab/qemu.pid")" 2>/dev/null || true
        sleep 0.1
    done
    return $status
}

run_cases() {
    local name left
    declare -gA rebooted=()
    offer_folder
    began=$SECONDS
    left=("${cases[@]}")
    until run_dom0 "${left[@]}"; do
        left=()
        for name in "${cases[@]}"; do
            [ -n "${ended[$name]:-}" ] || left+=("$name")
        done
    done
}

if [ $shell = yes ]; then
    prepare
    offer_folder
    printf '%s\n' "${cases[@]}" >"$logs/cases"
    start_qemu lab.shell -serial mon:stdio
fi
prepare
run_cases
finish
