# Domains with the same domid one after another, at once, with the same ring and port: each has its own console, and the next
# name's log has nothing of the one before. Last, a domain that is created paused.
# daemon: console
# deadline: 240

# life NAME WORD: a domain with the domid 500 lives, prints, is typed at, and ends.
life() {
    local name=$1 word=$2
    (
        export LD_PRELOAD=/lab/preload/forcedomid.so FORCE_DOMID=500 LIBXL_DOMID_REUSE_TIMEOUT=0
        test_guest "$name" pv "extra=bare say born-$word"
    )
    same "the domid" "$(domid "$name")" 500
    wait_console "$name" "^born-$word"
    note "$name: ring $(guest_key "$name" console/ring-ref), port $(guest_key "$name" console/port), $(console_tty "$name")"
    type_line "$name" "say typed-$word"
    wait_console "$name" "^typed-$word"
    xl destroy "$name"
}

for word in 1 2 3; do
    life first $word
done
life second 4
for log in first second; do
    size_of "$(console_log $log)"
done
same "lives in the log of the first" "$(grep -c '^born' "$(console_log first)")" 3
same "lives in the log of the second" "$(grep -c '^born' "$(console_log second)")" 1
check "the second's log has the first's words" [ "$(grep -c '^typed-[123]' "$(console_log second)")" = 0 ]

note "created paused"
XL_CREATE=-p test_guest third pv "extra=bare say born-5"
console_tty third
lab-pty -t "$WAIT" 'e:born-5' 's:say typed-5\r' 'e:OK say typed-5' 's:\x1d' x:0 -- xl console third &
person=$!
xl unpause third
wait $person || fail "xl console, attached before the first instruction, does not show it"
