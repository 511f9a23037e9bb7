# Xen's own messages as a console: those of its boot, and new ones as they come.
# daemon: xcsd
# deadline: 120
lab-pty -t "$WAIT" 'e:Xen version' 's:\x1d.' x:0 -- xcsctl console --all xen || fail "Xen's boot is not shown"
xcsctl console --new --json xen </dev/null >/run/lab/logs/xen-news 2>/run/lab/logs/xen-is &
wait_file /run/lab/logs/xen-is name
xl debug-keys h
wait_file /run/lab/logs/xen-news 'installed handlers'
check "a new reader has old messages" [ "$(grep -c 'Xen version' /run/lab/logs/xen-news)" = 0 ]
