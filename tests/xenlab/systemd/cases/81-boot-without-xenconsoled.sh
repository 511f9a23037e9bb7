# After a boot xen.service is up, with xenstored and without xenconsoled; the way back works from here too.
# boot: 2
# xenconsoled: as-booted
same "xen.service" "$(property xen.service ActiveState)" active
check "xenstored does not run" pidof oxenstored
refused "xenconsoled runs beside xcsd" pidof xenconsoled
same "units that failed" "$(systemctl --failed --plain --no-legend)" ""

# The shutdown before this boot was a clean one for xcsd.
journalctl -b -1 -q -u xcsd.service -o cat | tail -n 20 >"/out/$CASE/last-boot"
grep -q 'Stopped as asked' "/out/$CASE/last-boot" || fail "the last boot's journal does not say that xcsd stopped as asked"
grep -q 'Deactivated successfully' "/out/$CASE/last-boot" || fail "xcsd did not end well in the last boot"

xcsd-switchover xenconsoled
check "xenconsoled does not run" pidof xenconsoled
refused "xcsd still runs" systemctl is-active xcsd.service
refused "a drop-in remains" test -e /etc/systemd/system/xen.service.d/xcsd.conf
