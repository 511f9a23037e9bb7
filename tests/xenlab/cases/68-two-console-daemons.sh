# xcsd does not share consoles with a running xenconsoled: it says so and does not start. Without it, it takes over the guests that
# run, and gives them back when it has ended.
# daemon: xenconsoled
# deadline: 180
test_guest small pv "extra=bare"
wait_console small '^@@ OK boot'

note "both"
status=0
timeout 60 xcsd --Hypervisor:Backend=xen 2>/run/lab/logs/refusal || status=$?
cat /run/lab/logs/refusal
same "the exit status" $status 3
check "the message does not name xenconsoled" grep -q xenconsoled /run/lab/logs/refusal
type_line small 'say still-there'
wait_console small '^still-there'

note "over to xcsd"
stop_daemon xenconsoled
start_daemon xcsd
wait_file /run/xcs/pty/small
lab-wait "$WAIT" key "/local/domain/$(domid small)/console/tty" "^$(readlink /run/xcs/pty/small)\$"
type_line small 'say hello-xcsd'
wait_console small '^hello-xcsd'

note "and back"
stop_daemon xcsd
xenstore-rm "/local/domain/$(domid small)/console/tty" || true
start_daemon xenconsoled
type_line small 'say hello-again'
wait_console small '^hello-again'
