# A granted control channel from a real Linux guest: xcs-guest over gntalloc, the event-channel device and xenstore.
# daemon: xcsd xenconsoled
# deadline: 120
BYTES=1048576

linux_guest web pv <<'JOB'
say go 1
# 1: the console of the channel answers what is typed.
xcs-guest echo --announce 2>/tmp/echo & 
lab-wait 20 file /tmp/echo ready
say echo ready
lab-wait 60 key data/lab/next 1
kill $!
wait $! || true
# 2: a megabyte each way, each byte checked at both ends.
lab-stream gen 11 1048576 |
    xcs-guest console --exit-on-eof 2>/tmp/console |
    lab-stream check 12 1048576 2>/tmp/check
say checked "$(cat /tmp/check)"
JOB
id=$(domid web)

wait_said web echo ready
xcsctl list
check "xcsctl list does not show the channel" xcsctl list --json
note "a person at xcsctl console"
lab-pty 's:hello from dom0\n' 'e:hello from dom0' 's:\x1d' x:0 -- xcsctl console web
note "a megabyte each way"
