#!/usr/bin/env bash
# Checks the models of the switch and of a console with spin: as it is, and with one guard removed at a time, which spin must notice.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
model=$here/switch.pml
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

# One life, in which clients ask, are slow, silent and gone; a daemon that is killed; requests in both directions.
calm="-DREQUESTS=3 -DKILLS=0 -DCONNECTIONS=1"
clients="-DREQUESTS=2 -DKILLS=0 -DCONNECTIONS=2"
kill="-DREQUESTS=2 -DKILLS=1 -DCONNECTIONS=1"
both_ways="-DREQUESTS=1 -DKILLS=0 -DCONNECTIONS=1 -DDOWN=3"

# verify WHAT HOW MACROS COMPILER-MACROS PAN-OPTIONS: HOW is holds or fails.
verify() {
    local what=$1 how=$2 log=$work/log said result=failed
    cd "$work"
    # shellcheck disable=SC2086 # several words on purpose
    if spin -a $3 "$model" >"$log" 2>&1 && gcc -O1 -w -DCOLLAPSE $4 -o pan pan.c >>"$log" 2>&1; then
        ./pan -m100000 -n $5 >"$log" 2>&1 || true
    fi
    said=$(grep -o '^pan:1: .*' "$log" | head -n 1 || true)
    if ! grep -q 'errors: [0-9]' "$log" || grep -q 'Max.*reached\|max search depth too small\|out of memory' "$log"; then
        said="no result: $(tail -n 1 "$log")"
    elif [ "$how" = holds ] && grep -q 'errors: 0$' "$log" && ! grep -q 'Search not completed' "$log"; then
        result=passed
    elif [ "$how" = fails ] && grep -q 'errors: [1-9]' "$log"; then
        result=passed
    fi
    printf '%s  %-66s %9s states  %s\n' "$result" "$what" "$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' "$log")" "$said"
    if [ $result = passed ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

safe() { verify "$1" holds "$2" "-DSAFETY -DNOCLAIM" ""; }
live() { verify "$1" holds "$2" "-DNFAIR=3" "-a -f"; }
removed() { verify "without: $1" fails "$2 -D$3" "-DSAFETY -DNOCLAIM" ""; }

safe "each request is answered once, nothing blocks" "$calm"
safe "the same, with a guest that waits for its budget" "-DREQUESTS=2 -DKILLS=0 -DCONNECTIONS=1 -DFLOODS"
safe "the same, with clients that go and come back" "$clients"
safe "the same, with a daemon that is killed" "$kill"
safe "the same, with requests to the guest and their full queues" "$both_ways"
safe "the order of a console: unmask last, then look once more" "$kill -DUNMASK_AFTER -DLOOK_AGAIN"
live "in the end every request is answered" "-DREQUESTS=2 -DKILLS=0 -DCONNECTIONS=1"
live "the same, with a daemon that is killed" "$kill"
removed "the unmask before the drain (after it instead)" "$kill" UNMASK_AFTER
removed "the offer of what a dead client held" "$clients" FORGET_TO_OFFER
removed "the look at the ticket: answered twice" "$clients" ANSWER_TWICE
removed "the attach at rsp_prod (at req_prod instead: bug B9)" "$kill" ATTACH_AT_REQ_PROD
removed "the move of older requests under an answer out of turn" "$kill" LEAVE_THE_OLDER
removed "the made-up event at attach" "$kill" NO_LOOK_AT_ATTACH
removed "the signal at attach for what a killed daemon left" "$kill" NO_SIGNAL_AT_ATTACH
removed "the turn after an answer outside a drain" "$calm" FORGET_THE_TURN
removed "the call of who waits for room" "$both_ways" FORGET_THE_WAITING
removed "the assumption that no kill hits the inside of one answer" "$kill" KILL_INSIDE_ANSWER

model=$here/console.pml
safe "a console: the guest that waits for room is signalled, whenever the daemon is killed" ""
live "in the end all that it printed is taken" "-DKILLS=1"
removed "the signal at attach of a ring that was used" "" NO_SIGNAL_AT_ATTACH
removed "the look behind the unmask (before it instead)" "" LOOK_BEFORE_UNMASK
removed "the signal of the drain that ends a turn" "" FORGET_THE_SIGNAL

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
