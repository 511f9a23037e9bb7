# Each device of the list is needed: without it the daemon does not start, and says so.
list=$(sed -n 's/^DeviceAllow=//p' /etc/systemd/system/xcsd.service)
for device in evtchn privcmd hypercall gntdev; do
    {
        printf '[Service]\nDeviceAllow=\n'
        sed -n "s,^\(.*\)$,DeviceAllow=\1,; \,/$device ,!p" <<<"$list"
    } | drop_in xcsd.service
    if systemctl start xcsd.service; then
        fail "xcsd starts without /dev/xen/$device"
    fi
    same "exit code without $device" "$(property xcsd.service ExecMainStatus)" 3
    same "restarts without $device" "$(property xcsd.service NRestarts)" 0
    systemctl reset-failed xcsd.service
done
said xcsd.service 'hypervisor can not be used' || fail "the journal does not say what is missing"
