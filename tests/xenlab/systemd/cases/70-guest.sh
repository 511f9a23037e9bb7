# In its sandbox the daemon does its work: a Linux guest's console on a terminal, and a channel that the guest granted.
systemctl start xcsd.socket xcsd.service
linux_guest web <<'JOB'
xcs-guest echo --announce 2>/tmp/echo &
lab-wait 600 file /tmp/echo ready
say echo ready
JOB
until_true "the guest's terminal" test -e /run/xcs/pty/web
wait_key web data/lab/echo
listed() {
    xcsctl list | grep -q 'web.*granted'
}
until_true "the granted channel in xcsctl list" listed
xcsctl list
xcsctl status
until_true "the guest's console" console_answers web once
xl destroy web
until_true "the end of its terminal" test ! -e /run/xcs/pty/web
serves || fail "the daemon does not serve after the guest's end"
