# A granted control channel from a real Linux guest: xcs-guest over gntalloc, the event-channel device and xenstore.
# daemon: xenconsoled xcsd
# deadline: 240
linux_guest web pv <<'JOB'
MiB=1048576

# The console of the channel answers what is typed.
xcs-guest echo --announce 2>/tmp/echo &
wait_file /tmp/echo ready
say echo ready
next stream
kill $!
wait $!

# A megabyte each way, each byte checked at both ends. The input stays open until all has come.
{
    next "send"
    lab-stream gen 11 $MiB
    wait_file /tmp/check order
} | xcs-guest console --announce --exit-on-eof 2>/tmp/console | lab-stream check 12 $MiB 2>/tmp/check &
wait_file /tmp/console ready
say stream ready
wait_file /tmp/check 'order|first'
say checked "$(cat /tmp/check)"
wait $!

# Every request is answered once.
xcs-guest flood --messages 2000 >/tmp/flood
say flood "$(cat /tmp/flood)"
JOB
id=$(domid web)

note "a person at the guest's console"
wait_said web echo ready
wait_file /run/lab/logs/xcsd.log 'Channel of web .* opened'
xcsctl list
lab-pty 'e:Leave with' 's:hello from dom0\n' 'e:hello from dom0' 's:\x1d.' x:0 -- xcsctl console web

note "a megabyte each way, seen by a subscriber"
tell web stream
wait_said web stream ready
lab-records -e 11:1048576 -o 12:1048576 "$id" >/run/lab/logs/records 2>&1 &
subscriber=$!
wait_file /run/lab/logs/records bound
tell web "send"
wait $subscriber || fail "the subscriber: $(tail -n 1 /run/lab/logs/records)"
same "what the guest got" "$(wait_said web checked)" "lab-stream: 1048576 bytes of seed 12, all in order"

note "a flood, with nobody but the daemon to answer"
flood=$(wait_said web flood)
messages=$(expr "$flood" : '.*"messages":\([0-9]*\)')
same "messages sent" "$messages" 2000
check "answers: $flood" [ "$(expr "$flood" : '.*"answers":\([0-9]*\)')" = "$messages" ]
check "answers to nothing: $flood" [ "$(expr "$flood" : '.*"strayAnswers":\([0-9]*\)')" = 0 ]
same "the job's end" "$(wait_said web "done")" 0
xcsctl status
