# xcsd.socket: the sockets are there without the daemon, and the first client starts it. They outlive it.
systemctl start xcsd.socket
sockets='/run/xcs/console.sock /run/xcs/xcs.sock /var/lib/xen/xcs_socket'
same "sockets" "$(find /run/xcs /var/lib/xen -type s | sort | tr '\n' ' ')" "$sockets "
# shellcheck disable=SC2086 # three paths
same "permissions" "$(stat -c %a $sockets | sort -u)" 660
same "state before the first client" "$(property xcsd.service ActiveState)" inactive
# shellcheck disable=SC2086
before=$(stat -c %i $sockets)

serves || fail "the first client got no answer"
same "state after it" "$(property xcsd.service ActiveState)" active
xcsctl list
systemctl restart xcsd.service
serves || fail "no answer after a restart"
systemctl stop xcsd.service
# shellcheck disable=SC2086
same "sockets after a restart and a stop" "$(stat -c %i $sockets)" "$before"
serves || fail "no answer after a stop"

systemctl stop xcsd.socket xcsd.service
same "sockets that remain" "$(find /run/xcs /var/lib/xen -type s)" ""
