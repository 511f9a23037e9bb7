# In its sandbox the daemon does its work: a granted channel of a Linux guest, the guest's terminal, input and output.
systemctl start xcsd.socket xcsd.service
linux_guest web <<'JOB'
(echo hello from web; cat) | xcs-guest console
JOB
wait_key web data/xcs/ready
until_true "the guest's terminal" test -e /run/xcs/pty/web
terminal=$(readlink -f /run/xcs/pty/web)
stty -F "$terminal" raw -echo
exec 5<>"$terminal"
read -r -t "$WAIT" line <&5
same "the guest's output" "${line%$'\r'}" "hello from web"
xcsctl list
xcsctl status
xl destroy web
until_true "the end of its terminal" test ! -e /run/xcs/pty/web
serves || fail "the daemon does not serve after the guest's end"
