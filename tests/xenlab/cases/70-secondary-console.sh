# A second console of a Linux guest: made and removed while it runs, with no QEMU; a shell on it through `xl console -n 1` and
# `xcsctl console NAME#1`.
# daemon: xcsd
# deadline: 240
linux_guest lin pv <<'JOB'
while :; do
    setsid sh -c 'exec </dev/hvc1 >/dev/hvc1 2>&1; ENV=/lab/shell-profile exec sh -i' 2>/dev/null || sleep 1
done &
JOB
wait_said lin "done"
frontend=/local/domain/$(domid lin)/device/console/1
for visit in 1 2; do
    xcsctl console-add lin
    lab-wait "$WAIT" key "$frontend/state" '^4$'
    lab-wait "$WAIT" key "$frontend/tty" '^/dev/pts/'
    person_at lin "second-$visit" -n 1 -t pv
    lab-pty -t "$WAIT" 's:\n' 'e:guest# ' "s:echo hash-$visit-\$((40 + 2))\\n" "e:hash-$visit-42" 's:\x1d.' x:0 -- xcsctl console 'lin#1' ||
        fail "xcsctl console lin#1 does not go as it should"
    # The first console is another one.
    shell_answers lin "first-$visit"
    check "the first console has the second's words" [ "$(grep -c '^second' "$(console_log lin)")" = 0 ]
    same "QEMU processes" "$(pgrep -l qemu | wc -l)" 0
    xcsctl console-del lin
    lab-wait "$WAIT" nokey "$frontend"
done
xcsctl list
