# What a guest can do wrong, one new guest for each; meanwhile another one has 32 KiB going each way, of which nothing may be
# lost, and the daemon tells what it saw. Every liar gets a new channel afterwards. Lines with RESULT are the figures.
# daemon: xcsd
# deadline: 400
BYTES=32768
log=/run/lab/logs/xcsd.log
turn=0

daemon_ticks() {
    awk '{ print $14 + $15 }' "/proc/$(daemon_pid xcsd)/stat"
}

# neighbour_begins and neighbour_done: the traffic of the guest that does nothing wrong.
neighbour_begins() {
    turn=$((turn + 1))
    order good expect $BYTES $((2 * turn))
    # Or the turn before would be found to have bound.
    rm -f /run/lab/logs/records
    lab-records -a -t "$WAIT" -e $((2 * turn + 1)):$BYTES -o $((2 * turn)):$BYTES "$(domid good)" \
        >/run/lab/logs/records 2>&1 &
    subscriber=$!
    wait_file /run/lab/logs/records bound
    ticks=$(daemon_ticks)
    begin_order good flood $BYTES $((2 * turn + 1))
}

# neighbour_done WHAT: and meanwhile that happened.
neighbour_done() {
    same "the neighbour's requests and answers" "$(order_done good flood $BYTES $((2 * turn + 1)))" "sent 547 answered 547 strays 0"
    same "what came to the neighbour" "$(order good received)" "$BYTES bytes"
    wait $subscriber || fail "the neighbour's subscriber: $(tail -n 1 /run/lab/logs/records)"
    note "RESULT $1: neighbour $(sed -n 's/.*; \([0-9]* ms\)$/\1/p' /run/lab/logs/records)," \
        "daemon $(($(daemon_ticks) - ticks)) ticks"
}

# listed NAME PROBLEM: the list tells it of this guest.
listed() {
    xcsctl list | tee /run/lab/logs/list
    check "xcsctl list does not tell of $1" grep -q "^domain .*($1.*$2" /run/lab/logs/list
}

# in_status WHAT: the number before these words.
in_status() {
    xcsctl status | sed -n "s/.* \([0-9]*\) $1.*/\1/p"
}

# lie NAME aside|refused|unseen PROBLEM COMMAND...: a guest of this name is told to do this. The daemon puts its ring aside, or
# does not take the channel: both with a line in its log and in its list; or has nothing to say.
lie() {
    local name=$1 seen=$2 problem=$3 type=pv command said=
    shift 3
    [ $((turn % 2)) = 0 ] || type=pvh
    test_guest "$name" $type
    order "$name" flood 600 1
    neighbour_begins
    for command; do
        # shellcheck disable=SC2086 # its words
        said="$said $(order "$name" $command)"
    done
    case $seen in
        aside)
            wait_file $log "of $name .* put aside: $problem"
            listed "$name" "$problem"
            ;;
        refused)
            wait_file $log "$name .*: no control channel, because $problem"
            listed "$name" "$problem"
            ;;
    esac
    neighbour_done "$name ($type)$said"
    order "$name" publish
    same "after another publish" "$(order "$name" flood 600 2)" "sent 10 answered 10 strays 0"
    xl destroy "$name"
}

test_guest good pv
neighbour_begins
neighbour_done "nothing wrong"

note "indexes of the control rings: of its own, then of the daemon's"
lie tx-req-near aside "its request index is impossible" "wild tx-req 9"
lie tx-req-back aside "its request index is impossible" "wild tx-req -1"
lie rx-rsp-one aside "its response index is impossible" "wild rx-rsp 1"
lie answers aside "its response index is impossible" "answers 5000"
lie tx-rsp unseen "" "wild tx-rsp 5"
lie rx-req unseen "" "wild rx-req 5"

note "indexes of the console ring"
lie out-prod aside "its output index is impossible" "wild out-prod 5000" withdraw
lie in-cons aside "its input index is impossible" "wild in-cons 77777" withdraw

note "lengths"
test_guest lengths pv
neighbour_begins
order lengths answer-length 255
lab-records -t "$WAIT" -o 5:6000 "$(domid lengths)" >/run/lab/logs/lengths 2>&1 || fail "$(tail -n 1 /run/lab/logs/lengths)"
order lengths send 0 0 200
order lengths flood 60 3
same "the counters" "$(order lengths counters)" "sent 2 answered 2 strays 0 requests 100 notifies 102"
neighbour_done lengths
xl destroy lengths

note "memory that is used for something else"
lie scribble aside "its request index is impossible" "scribble 3"
lie freed unseen "" free
lie vanished unseen "" vanish

note "events without a reason"
lie storm-control unseen "" "storm control 2" withdraw
lie storm-console unseen "" "storm console 2" withdraw

note "keys"
lie nonce refused "the nonce in its control page is not the one in its key ready" "republish lie"
lie no-number refused "its key ring-ref is '99999999999999999999'" "set ring-ref 99999999999999999999" "set ready 5" withdraw
lie wrong-grant refused "its grant 500 can not be mapped" "set ring-ref 500" "set ready 5" withdraw
lie long refused "its key ready is 'AAA" "set-long ready 800" withdraw
lie republished unseen "" "republish same 20" "republish new 20" withdraw

note "a nonce that was taken back and is published again"
test_guest again pv
order again flood 600 1
neighbour_begins
order again unset ready
wait_file $log "of again .* closed: the guest has withdrawn its control page"
order again republish same
wait_file $log "again .*: no control channel, because it publishes nonce .* again"
listed again "take a new nonce"
neighbour_done again
order again withdraw
order again publish
same "after another publish" "$(order again flood 600 2)" "sent 10 answered 10 strays 0"
xl destroy again

note "keys rewritten with nonsense, as fast as it goes: each reason counts, few are lines of the log"
test_guest keys pv
order keys flood 600 1
neighbour_begins
said=$(order keys keys 2)
wait_file $log "keys .*: no control channel, because"
listed keys "refusals so far"
check "a log line for each wrong key" [ "$(grep -c 'keys .*: no control channel' $log)" -le 5 ]
neighbour_done "keys $said"
order keys publish
same "after another publish" "$(order keys flood 600 2)" "sent 10 answered 10 strays 0"
xl destroy keys

note "a sudden death in the middle of a line"
test_guest dead pv
neighbour_begins
id=$(domid dead)
begin_order dead die 100
wait_gone "$id"
neighbour_done dead

note "an instruction that is none: the guest says so, where the processor alone would have it look as if it wanted a reboot"
test_guest trap pvh
id=$(domid trap)
begin_order trap trap
wait_gone "$id"
wait_console trap 'ERR trap: vector 6 '

note "and all of it together"
xcsctl list
xcsctl status
same "what was put aside since the start" "$(in_status 'since the start')" 7
check "the refusals are not counted" [ "$(in_status refusals)" -ge 7 ]
