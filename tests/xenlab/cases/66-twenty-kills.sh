# The daemon is killed twenty times, at moments that nobody chose, while a granted control channel and a Linux guest's console are busy:
# every request is answered, once; the console's output is in the log, each byte once; both guests go on, and whoever comes after the last
# kill is served.
# when: on demand
# daemon: none
# deadline: 1800
MiB=1048576
KILLS=20
SEED=${XCS_SEED:-$(uptime_now | tr -d .)}
STREAM=31

# Slowed down, so that a flood outlasts a start of the daemon, and all that is printed fits into this machine's memory.
start_slow() {
    start_daemon xcsd --Switching:GuestBytesPerSecond=$MiB --Consoles:TerminalOutput=raw --Consoles:LogOutput=raw \
        --Consoles:LogBytes=$((1 << 30))
}

# moment N: 0.000 to 0.799 seconds.
moment() {
    awk -v seed="$((SEED + $1))" 'BEGIN { srand(seed); printf "%.3f\n", rand() * 0.8 }'
}

flood_goes_on() {
    case $(xenstore-read "/local/domain/$(domid pv)/data/status" 2>/dev/null) in
        "RUN flood "*) ;;
        *) return 1 ;;
    esac
}

note "seed $SEED"
start_slow
test_guest pv pv
linux_guest lin pv </dev/null
wait_said lin up
# shellcheck disable=SC2016 # the guest's shell is to expand it
type_line lin '. /lab/lib.sh; stty -opost -echo; echo; echo stream-$((30 + 1)); part=0; until [ "$(xenstore-read data/lab/step 2>/dev/null)" = stop ]; do lab-stream gen -t '"$STREAM $MiB"' $((part * '$MiB')); part=$((part + 1)); done; echo end-$((30 + 1)); stty opost echo; say parts $part'
wait_console lin '^stream-31'

killed=0
rounds=0
while [ $killed -lt $KILLS ]; do
    rounds=$((rounds + 1))
    check "the floods are too short: $killed kills in $rounds of them" [ $rounds -le $((KILLS * 2)) ]
    begin_order pv flood $MiB $rounds
    sleep "$(moment $rounds)"
    if flood_goes_on; then
        killed=$((killed + 1))
    fi
    stop_daemon xcsd KILL
    start_slow
    same "requests and answers after kill $killed" "$(order_done pv flood $MiB $rounds)" "sent 17477 answered 17477 strays 0"
done

tell lin stop
parts=$(wait_said lin parts '^[0-9]')
wait_console lin '^end-31'
check "the log is not the stream" lab-stream check -t -a stream-31 $STREAM $((parts * MiB)) <"$(console_log lin)"
note "$killed kills in $rounds floods of 17477 requests: all answered once; $parts MiB printed meanwhile"
shell_answers lin after
person_at lin visit
same "requests and answers afterwards" "$(order pv flood 6000 13)" "sent 100 answered 100 strays 0"
