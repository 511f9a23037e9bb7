# The console of a Linux PV guest: boot messages and a shell session, the same bytes in `xl console`, `xcsctl console` and the
# log; then 4 MiB of output; then random bytes both ways at once.
# daemon: none
# deadline: 400
MiB=1048576
. /lab/consoles.sh
start_console unlimited

same_in_all_places lin pv

note "four megabytes"
exec 4<"$(console_tty lin)"
cat <&4 >/run/lab/pty &
reader=$!
set -- "$(console_log lin)" /run/lab/pty
if [ "$CONSOLE_DAEMON" = xcsd ]; then
    xcsctl console --new --json lin </dev/null >/run/lab/viewer 2>/run/lab/viewer.is &
    wait_file /run/lab/viewer.is domid
    set -- "$@" /run/lab/viewer
fi
type_line lin ". /lab/lib.sh; stty -opost; echo stream-\$((1)); lab-stream gen -t 21 $((4 * MiB)); echo end-\$((1)); stty opost; say streamed 1"
wait_said lin streamed
for place; do
    wait_file "$place" '^end-1'
    check "not all of it is in $place" lab-stream check -t -a stream-1 21 $((4 * MiB)) <"$place"
done
exec 4<&-
kill $reader

note "random bytes both ways"
console_pair lin -b $((4 * MiB)) -s 15 31
shell_answers lin after
