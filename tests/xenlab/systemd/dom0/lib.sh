# What cases are written with. Read before each case; everything here is for dom0.
# A wait gives up after WAIT seconds and fails the case with what it waited for. That is long: the machine may be busy, and only a
# failure waits for it.
WAIT=$((60 * $(cat /lab/patience)))
PATH=/lab/tools:$PATH

# fail WHY: ends the case as failed.
fail() {
    echo "$*" >/run/lab/reason
    echo "FAILED: $*" >&2
    exit 1
}

# skip WHY: ends the case as skipped.
skip() {
    echo "$*" >/run/lab/reason
    exit 77
}

# check WHAT COMMAND...: fails the case with WHAT when the command fails.
check() {
    local what=$1
    shift
    "$@" || fail "$what"
}

# refused WHAT COMMAND...: fails the case with WHAT when the command succeeds.
refused() {
    local what=$1
    shift
    ! "$@" || fail "$what"
}

# same WHAT GOT EXPECTED
same() {
    [ "$2" = "$3" ] || fail "$1: '$2', expected '$3'"
}

# until_true WHAT COMMAND...: looks again and again; for what nothing can be waited on.
until_true() {
    local what=$1 end=$((SECONDS + WAIT))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || fail "not within $WAIT s: $what"
        sleep 0.1
    done
}

# ---- units ----

# property UNIT NAME
property() {
    systemctl show -P "$2" "$1"
}

# is UNIT NAME VALUE
is() {
    [ "$(property "$1" "$2")" = "$3" ]
}

# drop_in UNIT <<'TEXT': settings of this case, gone after it.
drop_in() {
    mkdir -p "/etc/systemd/system/$1.d"
    cat >"/etc/systemd/system/$1.d/case.conf"
    systemctl daemon-reload
}

# said UNIT REGEX: a line of the unit's journal since the case began.
said() {
    journalctl -q -u "$1" --after-cursor="$CURSOR" -o cat | grep -E -q -- "$2"
}

# serves: the daemon answers on its console socket.
serves() {
    timeout "$WAIT" xcsctl status >/dev/null
}

# ---- guests ----

# linux_guest NAME <<'JOB': a Debian kernel with busybox, as in the other bed. It runs the job, then a shell on its console.
linux_guest() {
    local name=$1 ramdisk=/run/lab/$1.cpio
    mkdir -p "/run/lab/$name"
    cat >"/run/lab/$name/job"
    cp /lab/patience "/run/lab/$name/"
    cp /lab/guest/linux.cpio "$ramdisk"
    (cd "/run/lab/$name" && printf "job\npatience\n" | /lab/guest/busybox cpio -o -H newc) >>"$ramdisk"
    cat >"/run/lab/$name.cfg" <<CONFIG
name = "$name"
type = "pv"
memory = 160
vcpus = 1
kernel = "/lab/guest/vmlinux.gz"
ramdisk = "$ramdisk"
extra = "console=hvc0 quiet rdinit=/init"
CONFIG
    xl create "/run/lab/$name.cfg" || fail "xl create $name"
    rm "$ramdisk"
}

# guest_key NAME PATH: the value of a key below the guest's own path.
guest_key() {
    xenstore-read "/local/domain/$(xl domid "$1")/$2"
}

# wait_key NAME PATH [REGEX]: until the guest's key is there and matches; prints its value.
wait_key() {
    lab-wait "$WAIT" key "/local/domain/$(xl domid "$1")/$2" ${3:+"$3"} ||
        fail "guest $1: key $2 did not come, or not as '${3:-}'"
}

# console_answers NAME MARK: the shell on a Linux guest's console does what is typed on the terminal that `xl console` would open.
console_answers() {
    local terminal status=0
    terminal=$(guest_key "$1" console/tty) || return 1
    exec 5<>"$terminal" || return 1
    stty -F "$terminal" raw -echo
    # The mark in the answer is not in what was typed: an echo is no answer.
    # shellcheck disable=SC2016 # for the guest's shell
    printf 'echo "heard $((6 * 7)) %s"\n' "$2" >&5
    timeout $((WAIT / 3)) grep -m1 "heard 42 $2" <&5 || status=1
    exec 5>&-
    return $status
}

# ---- the sandbox ----

# in_sandbox [UNIT-LINE]... -- PATH...: what dom0/probe.pl prints in a unit that has the sandbox of xcsd.service, with further
# lines. It is left in /run/lab/probe, too.
in_sandbox() {
    local unit=/etc/systemd/system/xcsd-probe.service line
    sed -e '/^\(Type\|NotifyAccess\|ExecStart\|Restart\|RestartSec\|RestartPreventExitStatus\|WatchdogSec\|Conflicts\)=/d' \
        -e '/^\[Install\]/,$d' /etc/systemd/system/xcsd.service >"$unit"
    printf '[Service]\nType=oneshot\nTimeoutStartSec=%s\nStandardOutput=truncate:/run/lab/probe\n' "$WAIT" >>"$unit"
    for line; do
        shift
        [ "$line" != -- ] || break
        echo "$line" >>"$unit"
    done
    echo "ExecStart=/usr/bin/perl /lab/dom0/probe.pl $*" >>"$unit"
    systemctl daemon-reload
    systemctl start xcsd-probe.service || fail "the probe does not start"
    cat /run/lab/probe
}
