# After a boot: the sockets first, then Xen's daemons, then xcsd, then the guests that start with the machine.
# boot: 2
# xenconsoled: as-booted
same "xcsd.socket" "$(property xcsd.socket ActiveState)" active
same "xcsd.service" "$(property xcsd.service ActiveState)" active
started() {
    property "$1" ActiveEnterTimestampMonotonic
}
for unit in xcsd.socket xen.service xcsd.service xendomains.service; do
    echo "$unit $(started $unit)"
done
ordered() {
    [ "$(started "$1")" -gt 0 ] && [ "$(started "$1")" -lt "$(property "$2" InactiveExitTimestampMonotonic)" ]
}
ordered xcsd.socket xen.service || fail "xcsd.socket came after xen.service began"
ordered xen.service xcsd.service || fail "xcsd began before xen.service was up"
ordered xcsd.service xendomains.service || fail "xendomains began before xcsd served"
same "restarts" "$(property xcsd.service NRestarts)" 0
serves || fail "xcsd does not serve"
same "xcsd's socket is systemd's" "$(stat -c %a /run/xcs/xcs.sock)" 660
