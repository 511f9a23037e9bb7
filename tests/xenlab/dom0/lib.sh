# What cases are written with. Read before each case; everything here is for dom0.
#
# A wait gives up after WAIT seconds (a case may set another number) and fails the case with what it waited for.
# Bodies are not traced (local -; set +x): the case's own lines are what its reader wants to see.
set -eu
WAIT=$((60 * $(cat /out/patience)))
XEN_LOGS=/var/log/xen/console
XCS_LOGS=/var/log/xcs

# fail WHY: ends the case as failed.
fail() {
    local -
    set +x
    echo "$*" >/run/lab/reason
    echo "FAILED: $*" >&2
    exit 1
}

# skip WHY: ends the case as skipped.
skip() {
    echo "$*" >/run/lab/reason
    exit 77
}

# note TEXT...: a line in the case's output, with the time since dom0's start.
note() {
    local -
    set +x
    echo "[$(uptime_now)] $*"
}

uptime_now() {
    cut -d' ' -f1 /proc/uptime
}

unmet() {
    if [ -n "$1" ]; then
        echo "did not match '$1'"
    else
        echo "did not come"
    fi
}

# check WHAT COMMAND...: fails the case with WHAT when the command fails.
check() {
    local -
    set +x
    local what=$1
    shift
    "$@" || fail "$what"
}

# same WHAT GOT EXPECTED
same() {
    local -
    set +x
    [ "$2" = "$3" ] || fail "$1: '$2', expected '$3'"
}

# ---- guests ----

# create_guest NAME pv|pvh KERNEL [KEY=VALUE]...: `xl create` with these settings; 32 MB and one processor unless they say
# otherwise. Numbers and [lists] are written as they are, other values quoted. XL_CREATE holds options for xl;
# XL_CREATE=none only writes the settings to /run/lab/NAME.cfg.
create_guest() {
    local -
    set +x
    local name=$1 type=$2 kernel=$3 config=/run/lab/$1.cfg setting value
    shift 3
    for setting in "name=$name" "type=$type" "kernel=$kernel" memory=32 vcpus=1 "$@"; do
        value=${setting#*=}
        case $value in
            \[*) ;;
            *[!0-9]* | '') value="\"$value\"" ;;
        esac
        echo "${setting%%=*}=$value"
    done | awk -F= '{ line[$1] = $0 } END { for (key in line) print line[key] }' >"$config" # the last word on a key counts
    [ "${XL_CREATE:-}" != none ] || return 0
    # shellcheck disable=SC2086 # several options on purpose
    xl create ${XL_CREATE:-} "$config" || fail "xl create $name"
}

# linux_guest NAME pv|pvh [KEY=VALUE]... <<'JOB': a Debian kernel with busybox, xcs-guest and the lab's programs. It runs the
# job (standard input; see domu/init), then a shell on its console.
linux_guest() {
    local -
    set +x
    local name=$1 type=$2 ramdisk=/run/lab/$1.cpio
    shift 2
    mkdir -p "/run/lab/$name"
    cat >"/run/lab/$name/job"
    cp /out/patience "/run/lab/$name/"
    cp /guest/linux.cpio "$ramdisk"
    (cd "/run/lab/$name" && printf 'job\npatience\n' | cpio -o -H newc) >>"$ramdisk" 2>/dev/null
    create_guest "$name" "$type" /guest/vmlinux.gz "ramdisk=$ramdisk" memory=160 \
        "extra=console=hvc0 quiet nowatchdog rdinit=/init" "$@"
}

# test_guest NAME pv|pvh [KEY=VALUE]...: the lab's own small guest (guest/); `extra=WORDS` tells it what to do.
test_guest() {
    local -
    set +x
    local name=$1 type=$2
    shift 2
    [ -e "/guest/guest-$type.elf" ] || fail "there is no test guest: tests/xenlab/guest was not built"
    create_guest "$name" "$type" "/guest/guest-$type.elf" memory=8 "$@"
}

# begin_order NAME WORD...: tells a test guest what to do (guest/README.md), and waits for nothing.
begin_order() {
    local -
    set +x
    give_order begin "$@"
}

# order_done NAME WORD...: waits until the test guest has done that; prints the details that it tells of it. Fails the case when
# the guest could not do it.
order_done() {
    local -
    set +x
    give_order "done" "$@"
}

# order NAME WORD...: both.
order() {
    local -
    set +x
    give_order all "$@"
}

give_order() {
    lab-order "$WAIT" "$@" 2>/run/lab/order || fail "$(sed 's/^lab-order: //' /run/lab/order)"
}

# domid NAME
domid() {
    local -
    set +x
    xl domid "$1" || fail "there is no domain $1"
}

# guest_key NAME PATH: the value of a key below the guest's own path.
guest_key() {
    local -
    set +x
    xenstore-read "/local/domain/$(domid "$1")/$2"
}

# wait_key NAME PATH [REGEX]: until the guest's key is there and matches; prints its value.
wait_key() {
    local -
    set +x
    local id
    id=$(domid "$1")
    lab-wait "$WAIT" key "/local/domain/$id/$2" ${3:+"$3"} || fail "guest $1: key $2 $(unmet "${3:-}")"
}

# wait_said NAME WORD [REGEX]: until the guest's job has said something (`say WORD VALUE`); prints it.
wait_said() {
    local -
    set +x
    wait_key "$1" "data/lab/$2" ${3:+"$3"}
}

# tell NAME STEP: lets the guest's job go on that waits with `next STEP`.
tell() {
    local -
    set +x
    xenstore-write "/local/domain/$(domid "$1")/data/lab/step" "$2"
}

# wait_gone DOMID: until the domain has been destroyed.
wait_gone() {
    local -
    set +x
    lab-wait "$WAIT" nokey "/local/domain/$1" || fail "domain $1 is still there"
}

# wait_file FILE [REGEX]: until a line of the file matches.
wait_file() {
    local -
    set +x
    lab-wait "$WAIT" file "$@" || fail "$1 $(unmet "${2:-}")"
}

# console_log NAME: the file that the console's output goes to.
console_log() {
    local -
    set +x
    if [ -e /run/lab/xenconsoled.pid ]; then
        echo "$XEN_LOGS/guest-$1.log"
    else
        echo "$XCS_LOGS/guest-$1.log"
    fi
}

# wait_console NAME REGEX: until a line of the guest's console output matches.
wait_console() {
    local -
    set +x
    wait_file "$(console_log "$1")" "$2"
}

# console_tty NAME: the terminal that `xl console` would open.
console_tty() {
    local -
    set +x
    wait_key "$1" console/tty '^/'
}

# type_line NAME TEXT: types a line at the guest's console.
type_line() {
    local -
    set +x
    printf '%s\n' "$2" >"$(console_tty "$1")"
}

# shell_answers NAME WORD: the shell on a Linux guest's console does what is typed. Each time with another WORD.
shell_answers() {
    type_line "$1" "echo $2-\$((40 + 2))"
    wait_console "$1" "^$2-42"
}

# person_at NAME WORD [OPTION]...: somebody comes to the shell with `xl console`, types, sees the answer and leaves with ^].
person_at() {
    local name=$1 word=$2
    shift 2
    lab-pty -t "$WAIT" 's:\n' 'e:guest# ' "s:echo $word-\$((40 + 2))\\n" "e:$word-42" 's:\x1d' x:0 -- xl console "$@" "$name" ||
        fail "xl console $name: what '$word' awaited did not come"
}

# ring_produced NAME: the bytes that the guest has put into its console ring since it was built (below 4 GiB).
ring_produced() {
    lab-ring "$(domid "$1")" | cut -d' ' -f2
}

# size_of FILE
size_of() {
    stat -c %s "$1"
}

# ---- daemons ----
# They live outside the case's processes; the case's header says which run when it starts (# daemon: xcsd).

# start_console [unlimited]: the daemon under test takes the consoles over, if wanted without its limit on a guest's output, and
# then without a filter either, as a pair of programs that sends random bytes needs it, and with logs that are begun anew only at
# 1 GiB, so that all of it is in one file.
# A case that is for any console daemon says "# daemon: console", or "# daemon: none" and starts it with this.
start_console() {
    case $CONSOLE_DAEMON-${1:-} in
        xcsd-unlimited)
            start_daemon xcsd --Switching:GuestBytesPerSecond=0 --Consoles:TerminalOutput=raw --Consoles:LogOutput=raw \
                --Consoles:LogBytes=$((1 << 30))
            ;;
        xenconsoled-unlimited) XENCONSOLED_PRELOAD=/lab/preload/fastclock.so start_daemon xenconsoled ;;
        *) start_daemon "$CONSOLE_DAEMON" ;;
    esac
}

# restart_console SIGNAL [unlimited]: ends the daemon under test with that signal and starts it again. Terminals that the store
# still names are forgotten first, so that the next wait for one is a wait for the new daemon.
restart_console() {
    local id
    stop_daemon "$CONSOLE_DAEMON" "$1"
    for id in $(xenstore-list /local/domain); do
        xenstore-rm "/local/domain/$id/console/tty" 2>/dev/null || true
    done
    start_console ${2:+"$2"}
}

# start_daemon xcsd|xenconsoled [OPTION]...: returns when it serves.
start_daemon() {
    local -
    set +x
    local name=$1 pid
    shift
    case $name in
        xcsd)
            mkdir -p "$XCS_LOGS"
            pid=$(lab-wait "$WAIT" ready xcsd --Hypervisor:Backend=xen "$@" 2>>/run/lab/logs/xcsd.log) ||
                fail "xcsd does not start: $(tail -n 3 /run/lab/logs/xcsd.log | tr '\n' ' ')"
            ;;
        xenconsoled)
            mkdir -p "$XEN_LOGS"
            rm -f /run/xen/xenconsoled.pid
            env ${XENCONSOLED_PRELOAD:+"LD_PRELOAD=$XENCONSOLED_PRELOAD"} xenconsoled --log=guest --log-dir="$XEN_LOGS" --pid-file=/run/xen/xenconsoled.pid "$@"
            lab-wait "$WAIT" file /run/xen/xenconsoled.pid '[0-9]' || fail "xenconsoled does not start"
            pid=$(cat /run/xen/xenconsoled.pid)
            ;;
        *) fail "start_daemon: there is no daemon '$name'" ;;
    esac
    echo "$pid" >/sys/fs/cgroup/daemons/cgroup.procs
    echo "$pid" >"/run/lab/$name.pid"
}

# daemon_pid NAME
daemon_pid() {
    local -
    set +x
    cat "/run/lab/$1.pid"
}

# stop_daemon NAME [SIGNAL]: TERM if not another, and waits for its end.
stop_daemon() {
    local -
    set +x
    local pid
    pid=$(daemon_pid "$1")
    kill -s "${2:-TERM}" "$pid" || fail "$1 is not running"
    lab-wait "$WAIT" exit "$pid" || fail "$1 does not end"
    rm "/run/lab/$1.pid"
}
