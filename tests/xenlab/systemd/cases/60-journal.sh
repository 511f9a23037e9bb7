# The daemon's lines are entries with a priority of their own, under the unit and the daemon's name.
systemctl start xcsd.service
systemctl stop xcsd.service
entries() {
    journalctl -q -u xcsd.service -t xcsd --after-cursor="$CURSOR" "$@"
}
journalctl -q --sync
entries -o json | tee "/out/$CASE/entries"
[ "$(entries -o cat | wc -l)" -ge 2 ] || fail "less than a line at the start and one at the end"
entries -p info -o cat | grep -q 'serves [0-9]* domains of xen; sockets /run/xcs/xcs.sock' || fail "no line says that it serves"
entries -o cat | grep -q 'Stopped as asked' || fail "no line says that it stopped as asked"
same "lines with a level left in them" "$(entries -o cat | grep -c '^<[0-7]>' || true)" 0
same "warnings of a clean life" "$(entries -p warning -o cat)" ""
