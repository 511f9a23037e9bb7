# Clients that come while the daemon still starts wait on each of the three sockets, and are served.
mkdir -p /run/xcsd-case
mkfifo /run/xcsd-case/go
drop_in xcsd.service <<'TEXT'
[Service]
ExecStartPre=/bin/sh -c 'read -r go </run/xcsd-case/go'
TEXT
systemctl start xcsd.socket
clients=()
for socket in /run/xcs/xcs.sock /var/lib/xen/xcs_socket /run/xcs/console.sock; do
    perl /lab/dom0/client.pl $socket "/run/xcsd-case/${socket##*/}" &
    clients+=($!)
    until_true "a client on $socket" test -e "/run/xcsd-case/${socket##*/}"
done
until_true "the start by a client" is xcsd.service ActiveState activating
for client in "${clients[@]}"; do
    check "a client ended before there was a daemon" kill -0 "$client"
done
echo >/run/xcsd-case/go
for client in "${clients[@]}"; do
    wait "$client" || fail "a client that came early was not served"
done
same "restarts" "$(property xcsd.service NRestarts)" 0
