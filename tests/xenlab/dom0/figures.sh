# What is measured of a daemon; cases read it after lib.sh.
# shellcheck shell=sh

# many_guests COUNT: small guests small-1 to small-COUNT that have booted; those that are there already are kept.
many_guests() {
    local number=1
    while [ $number -le "$1" ]; do
        if ! xl domid small-$number >/dev/null 2>&1; then
            test_guest small-$number pv memory=8 "extra=bare"
            wait_console small-$number '^@@ OK boot'
        fi
        number=$((number + 1))
    done
}

# sleeps_of PID: for each of its threads how often it has gone to sleep and come back, so far.
sleeps_of() {
    awk '/^Pid:/ { thread = $2 } /^voluntary_ctxt_switches/ { print thread, $2 }' /proc/"$1"/task/*/status
}

# idle_wakeups PID: wake-ups in ten seconds, after the last work is over. A thread that ends meanwhile has none.
idle_wakeups() {
    sleep 2
    sleeps_of "$1" >/run/lab/sleeps
    sleep 10
    sleeps_of "$1" | awk 'NR == FNR { before[$1] = $2; next } { sum += $2 - before[$1] } END { print sum + 0 }' /run/lab/sleeps -
}

# cpu_of PID: nanoseconds of processor time of all its threads so far.
cpu_of() {
    cat /proc/"$1"/task/*/schedstat | awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}

# memory_of PID: KiB resident.
memory_of() {
    awk '/^VmRSS/ { print $2 }' /proc/"$1"/status
}

fds_of() {
    find /proc/"$1"/fd -type l | wc -l
}

# bench_table FIGURES MIB ROUNDS: from lines "VARIANT GUESTS WHAT NUMBER" to a table of medians with their spread.
bench_table() {
    sort -k1,3 -k4,4n "$1" | awk -v mib="$2" -v rounds="$3" '
        { key = $1 " " $2 " " $3; value[key, ++count[key]] = $4 }
        function median(key) { return value[key, int((count[key] + 1) / 2)] }
        function cell(key, digits) {
            if (!count[key]) return "-"
            if (count[key] == 1) return sprintf("%." digits "f", value[key, 1])
            return sprintf("%." digits "f (%." digits "f-%." digits "f)", median(key), value[key, 1], value[key, count[key]])
        }
        function lost(name) { return count[name " lost"] + 0 }
        function ratio(first, second, what) {
            return median(second " " what) ? sprintf("%.2f", median(first " " what) / median(second " " what)) : "-"
        }
        END {
            printf "Medians of %d interleaved rounds (lowest-highest), %d MiB a guest and round, emulated processors: compare only within the table.\n\n", rounds, mib
            printf "%-22s %-7s %-26s %-22s %-12s %s\n", "daemon", "guests", "KiB/s", "CPU ms a MiB", "calls a MiB", "readers that lost bytes"
            split("xenconsoled xcsd xenconsoled-unlimited xcsd-unlimited", names, " ")
            for (g = 1; g <= 4; g += 3)
                for (i = 1; i <= 4; i++) {
                    name = names[i] " " g
                    printf "%-22s %-7d %-26s %-22s %-12s %d\n", names[i], g, cell(name " rate", 0), cell(name " cpu", 0), cell(name " calls", 0), lost(name)
                }
            print ""
            for (g = 1; g <= 4; g += 3) {
                printf "xcsd / xenconsoled, %d guest(s): KiB/s %s, CPU a MiB %s; both without limit: KiB/s %s, CPU a MiB %s\n", g,
                    ratio("xcsd " g, "xenconsoled " g, "rate"), ratio("xcsd " g, "xenconsoled " g, "cpu"),
                    ratio("xcsd-unlimited " g, "xenconsoled-unlimited " g, "rate"), ratio("xcsd-unlimited " g, "xenconsoled-unlimited " g, "cpu")
            }
            printf "\n%-22s %-7s %-26s %-22s %s\n", "daemon", "guests", "KiB resident", "descriptors", "wake-ups in 10 s"
            for (i = 1; i <= 2; i++)
                for (g = 1; g <= 20; g += 19) {
                    name = names[i] " " g
                    printf "%-22s %-7d %-26s %-22s %s\n", names[i], g, cell(name " memory", 0), cell(name " descriptors", 0), cell(name " wakeups", 0)
                }
        }'
}
