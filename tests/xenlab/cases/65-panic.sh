# A Linux guest panics: its last words are in the log, whole, and whoever comes only afterwards still gets all that it said since
# its first byte. How much that was, is what it had put into its ring.
# daemon: none
# deadline: 240
start_console unlimited
for type in pv pvh; do
    name=panic-$type
    linux_guest "$name" $type "extra=console=hvc0 nowatchdog panic=1 rdinit=/init" memory=128 on_crash=destroy on_reboot=destroy \
        </dev/null
    wait_said "$name" up
    id=$(domid "$name")
    log=$(console_log "$name")
    lab-ring -g "$WAIT" "$id" >"/run/lab/logs/ring-$name" &
    ring=$!
    wait_file "/run/lab/logs/ring-$name" held
    type_line "$name" 'echo 1 >/proc/sys/kernel/sysrq; echo before-$((40 + 2)); echo c >/proc/sysrq-trigger'
    wait_gone "$id"
    wait $ring
    produced=$(sed -n 's/^out \([0-9]*\) .*/\1/p' "/run/lab/logs/ring-$name")
    lab-wait "$WAIT" size "$log" "$produced" || fail "$name: of $produced bytes $(size_of "$log") are in the log"
    same "bytes in the log of $name" "$(size_of "$log")" "$produced"
    for words in '^before-42' 'Kernel panic - not syncing' 'Call Trace' 'Rebooting in 1 seconds'; do
        check "the log of $name has no '$words'" grep -q "$words" "$log"
    done
    [ "$CONSOLE_DAEMON" = xcsd ] || continue
    xcsctl log "$name" >"/run/lab/logs/afterwards-$name"
    xcsctl console --from-boot --once "$name" </dev/null >"/run/lab/logs/viewer-$name" 2>/run/lab/logs/viewer.is
    for seen in afterwards viewer; do
        cmp "$log" "/run/lab/logs/$seen-$name" || fail "$name: '$seen' differs from the log"
    done
    note "RESULT $name: $produced bytes, all of them in the log and for who came after its end"
done
