# A granted control channel from the test guest, PV and PVH: a megabyte each way at the same time, each byte checked at both
# ends, each request answered once, all of it seen by a subscriber on the xcs socket; then the channel's life.
# daemon: xcsd
# deadline: 300
MiB=1048576
WAIT=$((WAIT * 3))

# both_ways NAME SEED_UP SEED_DOWN
both_ways() {
    local name=$1 records=/run/lab/logs/records-$1 subscriber
    order "$name" expect $MiB "$3"
    lab-records -a -t "$WAIT" -e "$2:$MiB" -o "$3:$MiB" "$(domid "$name")" >"$records" 2>&1 &
    subscriber=$!
    wait_file "$records" bound
    same "requests and answers" "$(order "$name" flood $MiB "$2")" "sent 17477 answered 17477 strays 0"
    same "what came" "$(order "$name" received)" "$MiB bytes"
    wait $subscriber || fail "the subscriber: $(tail -n 1 "$records")"
    note "$name: $(tail -n 1 "$records")"
}

still_works() {
    same "requests and answers" "$(order "$1" flood 6000 13)" "sent 100 answered 100 strays 0"
}

for type in pv pvh; do
    test_guest $type $type
    both_ways $type 11 12

    note "one event for all messages of a batch"
    order $type notify batch
    still_works $type

    note "a person at the channel's console"
    order $type echo
    lab-pty -t "$WAIT" 's:hello from dom0' 'e:hello from dom0' 's:\x1d.' x:0 -- xcsctl console "$type#control"
    order $type echo off

    note "another channel after the first, and one after a program that was killed"
    order $type withdraw
    order $type publish
    still_works $type
    order $type vanish
    order $type publish
    still_works $type

    note "saved and restored"
    xl save $type /tmp/saved
    xl restore /tmp/saved
    rm /tmp/saved
    still_works $type
done
xcsctl list
xcsctl status
