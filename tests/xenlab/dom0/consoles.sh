# What several cases check of a console; they read it after lib.sh.
# shellcheck shell=sh disable=SC2016 # what is typed is expanded by the guest's shell

# same_in_all_places NAME pv|pvh: a new Linux guest's boot messages and a shell session, by two persons in turn, while a third one
# only looks on. Compares what each of them saw, from the first message to the last answer, with the log, byte for byte.
same_in_all_places() {
    local name=$1 type=$2 first second third
    # Paused, so that everybody is there before the first byte.
    XL_CREATE=-p linux_guest "$name" "$type" "extra=console=hvc0 nowatchdog rdinit=/init" </dev/null
    lab-pty -t "$WAIT" 'e:lab guest up' 'e:guest# ' 's:echo one-$((1 + 1))\n' 'e:one-2' 'e:two-2' 'e:guest# ' \
        's:echo last-$((1 + 1))\n' 'e:last-2' 'e:guest# ' 's:\x1d' x:0 -- xl console "$name" \
        >/run/lab/logs/seen-xl 2>/run/lab/logs/steps-xl &
    first=$!
    if [ "$CONSOLE_DAEMON" = xcsd ]; then
        lab-pty -t "$WAIT" 'e:one-2' 's:echo two-$((1 + 1))\n' 'e:two-2' 'e:last-2' 'e:guest# ' 's:\x1d.' x:0 \
            -- xcsctl console --all "$name" >/run/lab/logs/seen-xcsctl 2>/run/lab/logs/steps-xcsctl &
        second=$!
        lab-pty -t "$WAIT" 'e:last-2' 'e:guest# ' 's:\x1d.' x:0 -- xcsctl console --read-only --all "$name" \
            >/run/lab/logs/seen-read-only 2>/run/lab/logs/steps-read-only &
        third=$!
    fi
    xl unpause "$name"
    if [ "$CONSOLE_DAEMON" != xcsd ]; then
        wait_console "$name" '^one-2'
        type_line "$name" 'echo two-$((1 + 1))'
    fi
    steps_done xl "$name" "$first"
    [ -z "${second:-}" ] || steps_done xcsctl "$name" "$second"
    [ -z "${third:-}" ] || steps_done read-only "$name" "$third"
    session <"$(console_log "$name")" >/run/lab/logs/session-log
    check "the log has no boot messages and session" grep -q last-2 /run/lab/logs/session-log
    note "$(size_of /run/lab/logs/session-log) bytes from the first message to the last answer"
    for seen in /run/lab/logs/seen-*; do
        session <"$seen" >"/run/lab/logs/session-${seen##*/seen-}"
        cmp /run/lab/logs/session-log "/run/lab/logs/session-${seen##*/seen-}" || fail "$seen differs from the log"
    done
}

# steps_done PERSON NAME PID: that person's steps at the console of that guest came true. What is known when they did not fits into a line, as
# not more than that may be left of a long run.
steps_done() {
    wait "$3" || fail "$1: $(tail -n 1 "/run/lab/logs/steps-$1"); xl list: $(xl list "$2" 2>&1 | tail -n 1)" \
        "; the last of seen-$1: $(tail -c 200 "/run/lab/logs/seen-$1" | tr -s '\r\n' '|')"
}

# session: of a console's output, from the kernel's first line to the line last-2.
session() {
    sed -n '/Linux version/,/^last-2/p'
}

# console_pair NAME OPTION...: random bytes both ways at once between the shell of a Linux guest and dom0; options of lab-pair.
console_pair() {
    local name=$1
    shift
    type_line "$name" '. /lab/lib.sh; lab-pair domu /dev/hvc0 2>/tmp/pair; say pair "$? $(tail -n 1 /tmp/pair)"'
    lab-pair dom0 "$@" "$(console_tty "$name")" 2>/run/lab/logs/pair || {
        note "the guest: $(wait_said "$name" pair)"
        fail "$(tail -n 1 /run/lab/logs/pair)"
    }
    note "$(cat /run/lab/logs/pair)"
    wait_said "$name" pair '^0 '
}
