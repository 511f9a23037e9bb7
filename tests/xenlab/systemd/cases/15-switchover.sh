# From xenconsoled to xcsd and back, twice, with a guest running: one of the two serves its console, never both, and it goes on.
# xenconsoled: runs
# deadline: 480
status() {
    xcsd-switchover status | tr '\n' ' '
}
beats() {
    guest_key web data/lab/beat
}
goes_on() {
    [ "$(beats)" != "$before" ]
}
linux_guest web <<'JOB'
(count=0; while :; do count=$((count + 1)); say beat $count; sleep 1; done) &
JOB
wait_key web data/lab/beat
xenstored=$(cat /run/xenstore.pid)
same "at first" "$(status)" "now: xenconsoled after a boot: xenconsoled "
until_true "xenconsoled serves the console" console_answers web first
for round in 1 2; do
    xcsd-switchover xcsd
    same "switched" "$(status)" "now: xcsd after a boot: xcsd "
    refused "xenconsoled runs beside xcsd" pidof xenconsoled
    until_true "xcsd serves the console" console_answers web "xcsd-$round"
    before=$(beats)
    until_true "the guest goes on" goes_on

    xcsd-switchover xenconsoled
    same "switched back" "$(status)" "now: xenconsoled after a boot: xenconsoled "
    same "xenconsoled's unit" "$(systemctl is-active xenconsoled.service)" active
    until_true "xenconsoled serves the console again" console_answers web "xenconsoled-$round"
    before=$(beats)
    until_true "the guest goes on" goes_on
done
same "xenstored" "$(cat /run/xenstore.pid)" "$xenstored"
