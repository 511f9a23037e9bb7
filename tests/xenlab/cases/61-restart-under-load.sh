# The daemon is ended and killed while a guest prints: when it is there again, nothing is missing in the log, nothing came twice,
# and the shell answers.
# daemon: none
# deadline: 240
MiB=1048576
start_console unlimited
linux_guest lin pv </dev/null
wait_said lin "done"
type_line lin ". /lab/lib.sh; stty -opost -echo; echo; echo stream-\$((1)); for part in 0 1 2 3 4 5; do lab-stream gen -t 22 $MiB \$((part * $MiB)); say part \$part; done; echo end-\$((1)); stty opost echo"

# Each time a part is through and the next one is on its way.
part=0
for signal in TERM KILL KILL TERM; do
    wait_said lin part "[$part-9]"
    note "$signal after part $part"
    restart_console $signal unlimited
    part=$((part + 1))
done
wait_said lin part 5
wait_console lin '^end-1'
check "the log is not the stream" lab-stream check -t -a stream-1 22 $((6 * MiB)) <"$(console_log lin)"
shell_answers lin after
person_at lin visit
