# Xen's own messages as a console: those of its boot, and new ones as they come.
# daemon: xcsd
# deadline: 120
lab-pty -t "$WAIT" 'e:Xen version' 's:\x1d' x:0 -- xcsctl console --all xen || fail "Xen's boot is not shown"
lab-pty -t "$WAIT" 'e:installed handlers' 's:\x1d' x:0 -- xcsctl console --new xen &
person=$!
wait_file /run/lab/logs/xcsd.log
xl debug-keys h
wait $person || fail "a new message is not shown"
