# A guest is destroyed in the middle of its output: what it had put into its ring is in the log, to the last byte.
# daemon: none
# deadline: 180
start_console unlimited
for name in one-pv two-pvh three-pv; do
    test_guest $name ${name#*-} "extra=bare print 100000000 7"
    log=$(console_log $name)
    lab-wait "$WAIT" size "$log" 20000
    lab-ring -g "$WAIT" "$(domid $name)" >/run/lab/logs/ring-$name &
    ring=$!
    wait_file /run/lab/logs/ring-$name held
    xl destroy $name
    wait $ring
    produced=$(sed -n 's/^out \([0-9]*\) .*/\1/p' /run/lab/logs/ring-$name)
    note "$name has put $produced bytes into its ring; the log has $(size_of "$log")"
    lab-wait 10 size "$log" "$produced" || fail "$name: of $produced bytes $(size_of "$log") are in the log"
    same "bytes in the log" "$(size_of "$log")" "$produced"
    check "the log of $name is not what was printed" \
        lab-stream check -e -a '@@ RUN print 100000000 7' 7 100000000 <"$log"
    # Up to 100 MB of dom0's memory, by how long `xl destroy` takes to come.
    rm "$log"
done
