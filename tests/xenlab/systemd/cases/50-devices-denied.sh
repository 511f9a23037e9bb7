# The device allow-list: what is on it can be opened in the unit, everything else of /dev cannot.
# What the lab's dom0 has and xcsd must not touch. The bed's disk would be the prize.
modprobe xen-gntalloc
allowed='/dev/xen/evtchn /dev/xen/privcmd /dev/xen/hypercall /dev/xen/gntdev /dev/ptmx'
denied='/dev/xen/gntalloc /dev/xen/xenbus /dev/xen/xenbus_backend /dev/vda /dev/mem /dev/kmsg /dev/port /dev/hvc0 /dev/tty1 /dev/vcs'
present=
for device in $denied; do
    [ ! -e "$device" ] || present="$present $device"
done
# shellcheck disable=SC2086 # lists of paths
in_sandbox -- $allowed $present
for device in $allowed; do
    same "$device" "$(sed -n "s,^$device ,,p" /run/lab/probe)" ok
done
[ "$(wc -w <<<"$present")" -ge 5 ] || fail "too few devices to be denied are here: $present"
for device in $present; do
    # /dev/kmsg is denied already by ProtectKernelLogs, in other words.
    grep -q -E "^$device (Operation not permitted|Permission denied)" /run/lab/probe || fail "$device can be opened"
done

# The same devices open without the list: it is the list that denies them.
# shellcheck disable=SC2086
in_sandbox DevicePolicy=auto DeviceAllow= -- $present
grep -q '/dev/vda ok' /run/lab/probe || fail "/dev/vda does not open without the list either"
