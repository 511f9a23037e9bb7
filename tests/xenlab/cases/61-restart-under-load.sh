# The daemon is told to end while a guest prints, and started again; then it is killed, and started again. Nothing is missing in the log,
# and nothing came twice. Each time the shell answers.
# daemon: none
# deadline: 300
MiB=1048576

# print_through SEED SIGNAL...: six megabytes, during which the daemon ends by each of the signals.
print_through() {
    local seed=$1 part=0
    shift
    type_line lin ". /lab/lib.sh; stty -opost -echo; echo; echo stream-\$(($seed)); for part in 0 1 2 3 4 5; do lab-stream gen -t $seed $MiB \$((part * $MiB)); say part$seed \$part; done; echo end-\$(($seed)); stty opost echo"
    for signal; do
        # A part is through, and the next one is on its way.
        wait_said lin "part$seed" "[$part-9]"
        note "$signal after part $part"
        restart_console "$signal" unlimited
        part=$((part + 2))
    done
    wait_said lin "part$seed" 5
    wait_console lin "^end-$seed"
    shell_answers lin "after-$seed"
}

start_console unlimited
linux_guest lin pv </dev/null
wait_said lin up
print_through 22 TERM TERM
check "the log is not the stream" lab-stream check -t -a stream-22 22 $((6 * MiB)) <"$(console_log lin)"
print_through 23 KILL KILL
check "the log is not the stream after kills" lab-stream check -t -a stream-23 23 $((6 * MiB)) <"$(console_log lin)"
person_at lin visit
