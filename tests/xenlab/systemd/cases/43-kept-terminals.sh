# A restart, a kill and an upgrade of the daemon under an `xl console`: it keeps its terminal, is not hung up, and misses no line.
# deadline: 420
systemctl start xcsd.socket xcsd.service
linux_guest web </dev/null
until_true "the guest's terminal" test -e /run/xcs/pty/web
until_true "the guest's console" console_answers web once
terminal=$(readlink /run/xcs/pty/web)
lines=600
# shellcheck disable=SC2016 # for the guest's shell
lab-pty -t $((WAIT * 3)) "s:stty -echo; i=0; while [ \$i -lt $lines ]; do echo \"line \$i of the stream\"; i=\$((i + 1)); sleep 0.05; done; echo all-\$((1 + 1))\\r" \
    'e:all-2' 's:echo typed-$((20 + 1))\r' 'e:typed-21' 's:\x1d' x:0 -- xl console web >/run/lab/shown 2>&1 &
console=$!
shown() {
    grep -q "line $1 of" /run/lab/shown
}
kept() {
    serves || fail "no answer after $1"
    same "the terminal after $1" "$(readlink /run/xcs/pty/web)" "$terminal"
    same "the terminal's key after $1" "$(guest_key web console/tty)" "$terminal"
    check "xl console has ended after $1" kill -0 "$console"
    # The guest's terminal and that of the hypervisor's log, two each.
    same "descriptors in systemd's store after $1" "$(property xcsd.service NFileDescriptorStore)" 4
}
until_true "the first lines" shown 10
systemctl restart xcsd.service
kept "the restart"
until_true "lines after the restart" shown 100
kill -s KILL "$(property xcsd.service MainPID)"
kept "the kill"
until_true "lines after the kill" shown 200
before=$(property xcsd.service MainPID)
xcsctl upgrade
kept "the upgrade"
same "the process after the upgrade" "$(property xcsd.service MainPID)" "$before"
until_true "lines after the upgrade" shown 300
wait "$console" || fail "xl console was hung up, or does not take what is typed"
grep -a -o 'line [0-9]* of the stream' /run/lab/shown >/run/lab/got
seq -f 'line %.0f of the stream' 0 $((lines - 1)) >/run/lab/sent
check "lines are missing, or came twice: $(diff /run/lab/sent /run/lab/got | head -n 5)" cmp -s /run/lab/sent /run/lab/got
echo "$lines lines over a restart, a kill and an upgrade: each came once, on $terminal" >"/out/$CASE/figures"
# A stop is one: nothing of the terminal is left.
systemctl stop xcsd.service
check "the link is left after the stop" test ! -e /run/xcs/pty/web
refused "the terminal's key is left after the stop" guest_key web console/tty
same "descriptors in systemd's store after the stop" "$(property xcsd.service NFileDescriptorStore)" 0
systemctl start xcsd.service
until_true "another terminal" test -e /run/xcs/pty/web
xl destroy web
