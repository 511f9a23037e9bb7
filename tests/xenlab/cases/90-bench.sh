# xcsd beside Debian's xenconsoled in the same boot: the same guests, data and readers, both with logs, in interleaved rounds. Prints
# a table, which is also kept as artifacts/xenlab/bench.txt.
# when: on demand
# daemon: none
# deadline: 3000
. /lab/figures.sh
MiB=1048576
DATA=$((2 * MiB))
ROUNDS=5
# With and without the limit on a guest's output; xenconsoled's is off by a preloaded clock.
VARIANTS="xenconsoled xcsd xenconsoled-unlimited xcsd-unlimited"
FIGURES=/run/lab/logs/figures
turn=0

bench_guest() {
    linux_guest "$1" pv memory=112 <<JOB
lab-stream gen -t 5 $DATA >/tmp/data
dmesg -n 1
exec 4<>/dev/hvc0
stty -opost -echo <&4
say ready 1
while :; do
    turn=\$(lab-wait 3600 key data/lab/turn '^[0-9]')
    xenstore-rm data/lab/turn
    before=\$(cut -d' ' -f1 /proc/uptime)
    { echo; echo stream-\$turn; cat /tmp/data; } >&4
    say took "\$turn \$(cut -d' ' -f1 /proc/uptime) \$before"
done
JOB
    wait_said "$1" ready
}

# start_variant VARIANT: sets CONSOLE_DAEMON and pid. Logs begin anew, so that none grows to a limit.
start_variant() {
    CONSOLE_DAEMON=${1%-unlimited}
    rm -f /var/log/xcs/guest-* /var/log/xen/console/guest-*
    for id in $(xenstore-list /local/domain); do
        xenstore-rm "/local/domain/$id/console/tty" 2>/dev/null || true
    done
    case $1 in
        *-unlimited) start_console unlimited ;;
        *) start_console ;;
    esac
    pid=$(daemon_pid "$CONSOLE_DAEMON")
}

# send VARIANT GUEST...: a round of data from each of them at once, under a daemon that has been started. Sets seconds, the
# longest of the guests', and counts readers that did not get all.
send() {
    local variant=$1 guest readers=
    shift
    turn=$((turn + 1))
    for guest; do
        cat <"$(console_tty "$guest")" >"/run/lab/pty-$guest" &
        readers="$readers $!"
    done
    cpu=$(cpu_of "$pid")
    for guest; do
        xenstore-write "/local/domain/$(domid "$guest")/data/lab/turn" $turn
    done
    : >/run/lab/took
    for guest; do
        wait_said "$guest" took "^$turn " >>/run/lab/took
        lab-wait "$WAIT" size "$(console_log "$guest")" $DATA || fail "$variant: the log of $guest is not complete"
        lab-wait 10 size "/run/lab/pty-$guest" $DATA || true
    done
    cpu=$(($(cpu_of "$pid") - cpu))
    # shellcheck disable=SC2086 # several numbers on purpose
    kill $readers
    for guest; do
        check "$variant: the log of $guest is not what it sent" \
            lab-stream check -t -a stream-$turn 5 $DATA <"$(console_log "$guest")"
        if ! lab-stream check -t -a stream-$turn 5 $DATA <"/run/lab/pty-$guest"; then
            echo "$variant $# lost 1" >>$FIGURES
        fi
        rm "/run/lab/pty-$guest"
    done
    seconds=$(awk '$2 - $3 > most { most = $2 - $3 } END { print most }' /run/lab/took)
}

# measure VARIANT GUEST...: one round's figures.
measure() {
    local variant=$1
    start_variant "$variant"
    send "$@"
    shift
    awk -v name="$variant $#" -v bytes=$((DATA * $#)) -v seconds="$seconds" -v cpu="$cpu" 'BEGIN {
        print name, "rate", bytes / seconds / 1024
        print name, "cpu", cpu / 1e6 / (bytes / 1048576) }' >>$FIGURES
    stop_daemon "$CONSOLE_DAEMON"
}

# count_calls VARIANT GUEST: system calls in one round.
count_calls() {
    local variant=$1 strace
    start_variant "$variant"
    console_tty "$2"
    strace -f -c -o "/run/lab/logs/strace-$variant" -p "$pid" 2>/run/lab/strace &
    strace=$!
    wait_file /run/lab/strace attached
    send "$@"
    kill -INT $strace
    wait $strace || true
    awk -v name="$variant 1" -v mib=$((DATA / MiB)) '$NF == "total" { print name, "calls", $4 / mib }' \
        "/run/lab/logs/strace-$variant" >>$FIGURES
    stop_daemon "$CONSOLE_DAEMON"
}

# resting VARIANT COUNT: memory, descriptors and wake-ups of a daemon that has just started and has so many guests.
resting() {
    start_variant "$1"
    console_tty "small-$2"
    type_line "small-$2" "say here-$1"
    wait_console "small-$2" "^here-$1"
    {
        echo "$1 $2 wakeups $(idle_wakeups "$pid")"
        echo "$1 $2 memory $(memory_of "$pid")"
        echo "$1 $2 descriptors $(fds_of "$pid")"
    } >>$FIGURES
    stop_daemon "$CONSOLE_DAEMON"
}

start_variant xcsd
bench_guest one
stop_daemon xcsd
for variant in $VARIANTS; do
    count_calls "$variant" one
done
for round in $(seq $ROUNDS); do
    note "round $round, one guest"
    for variant in $VARIANTS; do
        measure "$variant" one
    done
done
start_variant xcsd
for guest in two three four; do
    bench_guest $guest
done
stop_daemon xcsd
for round in $(seq $ROUNDS); do
    note "round $round, four guests"
    for variant in $VARIANTS; do
        measure "$variant" one two three four
    done
done
for guest in one two three four; do
    xl destroy $guest
done
for count in 1 20; do
    start_variant xcsd
    many_guests $count
    stop_daemon xcsd
    for round in 1 2 3; do
        resting xenconsoled $count
        resting xcsd $count
    done
done
bench_table $FIGURES $((DATA / MiB)) $ROUNDS >/run/lab/logs/report.txt
