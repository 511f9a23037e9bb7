# A Linux guest's console through its life: pause, checkpoint, save and restore, reboot, power-off. Each time the shell answers
# again, also through `xl console`, and the last words are in the log.
# daemon: console
# deadline: 300

# next_life NAME DOMID: until the domain of that name is another one than DOMID, which has ended.
next_life() {
    local id left=$WAIT
    wait_gone "$2"
    until id=$(xl domid "$1" 2>/dev/null) && [ "$id" != "$2" ]; do
        left=$((left - 1))
        [ $left -gt 0 ] || fail "there is no new domain $1"
        sleep 1
    done
}

linux_guest lin pv memory=128 </dev/null
wait_said lin up
shell_answers lin first

note "pause"
xl pause lin
type_line lin 'echo paused-$((40 + 2))'
xl unpause lin
wait_console lin '^paused-42'

note "checkpoint"
id=$(domid lin)
xl save -c lin /tmp/lin.save
rm /tmp/lin.save
same "the domid after a checkpoint" "$(domid lin)" "$id"
shell_answers lin checkpoint

note "save and restore"
type_line lin 'saved=kept'
xl save lin /tmp/lin.save
wait_gone "$id"
xl restore /tmp/lin.save
rm /tmp/lin.save
id=$(domid lin)
type_line lin 'echo memory-$saved'
wait_console lin '^memory-kept'
person_at lin restored

note "reboot"
type_line lin 'echo reboot-$((40 + 2))'
wait_console lin '^reboot-42'
xl reboot lin
next_life lin "$id"
id=$(domid lin)
wait_said lin up
shell_answers lin rebooted
person_at lin again

note "power-off"
type_line lin 'echo last-words-$((40 + 2)); poweroff -f'
wait_gone "$id"
wait_file "$(console_log lin)" '^last-words-42'
same "domains" "$(xl list | awk 'NR > 1 { print $1 }')" Domain-0
