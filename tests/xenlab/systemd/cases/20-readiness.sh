# Type=notify: whoever starts the unit finds a daemon that answers. SIGTERM ends it well, a reload does not.
for round in 1 2; do
    systemctl start xcsd.service
    serves || fail "start $round returned before the daemon served"
    same "state" "$(property xcsd.service SubState)" running
    systemctl stop xcsd.service
    same "result of the stop" "$(property xcsd.service Result)" success
    same "exit code" "$(property xcsd.service ExecMainStatus)" 0
done
same "sockets that remain" "$(find /run/xcs /var/lib/xen -type s)" ""

systemctl start xcsd.service
before=$(property xcsd.service MainPID)
systemctl restart xcsd.service
serves || fail "restart returned before the daemon served"
refused "restart left the process" test "$before" = "$(property xcsd.service MainPID)"
before=$(property xcsd.service MainPID)
systemctl reload xcsd.service
serves || fail "reload ended it"
same "the process after a reload" "$(property xcsd.service MainPID)" "$before"
kill -s TERM "$(property xcsd.service MainPID)"
until_true "SIGTERM ends the daemon" is xcsd.service ActiveState inactive
same "starts by systemd itself" "$(property xcsd.service NRestarts)" 0
