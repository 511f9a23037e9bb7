# Twenty guests that do nothing cost nothing: no wake-up of the daemon in ten seconds.
# daemon: console
# deadline: 300
. /lab/figures.sh
pid=$(daemon_pid "$CONSOLE_DAEMON")
many_guests 1
before="fds $(fds_of "$pid"), $(memory_of "$pid") KiB resident"
many_guests 20
note "1 guest: $before"
note "20 guests: fds $(fds_of "$pid"), $(memory_of "$pid") KiB resident"
WAITED=$(idle_wakeups "$pid")
note "wake-ups in 10 s: $WAITED"
same "wake-ups of the daemon in ten idle seconds" "$WAITED" 0
type_line small-7 'say lucky'
wait_console small-7 '^lucky'
