# `xl create -c` shows a guest's first words, takes what is typed, and ^] leaves it running.
# daemon: console
# deadline: 120
XL_CREATE=none test_guest small pv "extra=bare"
lab-pty -t "$WAIT" 'e:OK boot' 's:say typed-1\r' 'e:OK say typed-1' 's:\x1d' x:0 -- xl create -c /run/lab/small.cfg ||
    fail "xl create -c does not go as it should"
type_line small "say typed-2"
wait_console small '^typed-2'
