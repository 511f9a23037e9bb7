# When the switch-over fails half-way, the operator is told and keeps xenconsoled, now and after the next boot.
# xenconsoled: runs
unchanged() {
    same "$1: status" "$(xcsd-switchover status | tr '\n' ' ')" "now: xenconsoled after a boot: xenconsoled "
    refused "$1: a drop-in is there" test -e /etc/systemd/system/xen.service.d/xcsd.conf
    refused "$1: xcsd is enabled" systemctl is-enabled -q xcsd.service xcsd.socket
    check "$1: xenconsoled does not run" pidof xenconsoled
}
mkdir -p /etc/xcs
echo '{ "Sockets": { "Mode": "0999" } }' >/etc/xcs/xcsd.json
refused "a switch-over to an xcsd that does not start" xcsd-switchover xcsd
unchanged "after it"

# Before anything is done: a unit that could not be enabled.
rm /etc/xcs/xcsd.json
mv /etc/systemd/system/xcsd.socket /run/lab/
systemctl daemon-reload
refused "a switch-over without xcsd.socket" xcsd-switchover xcsd
mv /run/lab/xcsd.socket /etc/systemd/system/
systemctl daemon-reload
unchanged "without xcsd.socket"

# Started alone, xcsd leaves the rings to a xenconsoled that systemd does not know by that name, as after a boot. A unit of
# that name ends, for the two exclude each other.
systemctl stop xenconsoled.service
systemd-run -q --unit=xen-of-the-boot --service-type=forking -p PIDFile=/run/xenconsoled.pid /etc/init.d/xen start
refused "xcsd starts beside xenconsoled" systemctl start xcsd.service
same "exit code beside xenconsoled" "$(property xcsd.service ExecMainStatus)" 3
said xcsd.service 'xenconsoled .*serves the guests' || fail "the journal does not say why"
systemctl reset-failed xcsd.service

# One whose pid file is not where the script looks for it is not ended.
mv /run/xenconsoled.pid /run/lab/xenconsoled.pid
refused "a switch-over from a xenconsoled that cannot be ended" xcsd-switchover xcsd
mv /run/lab/xenconsoled.pid /run/xenconsoled.pid
unchanged "an xenconsoled that stays"
systemctl stop xen-of-the-boot.service
systemd-run -q --unit=xenconsoled --service-type=forking -p PIDFile=/run/xenconsoled.pid /etc/init.d/xen start
systemctl start xcsd.service
refused "xenconsoled.service runs beside xcsd" pidof xenconsoled

# Options in /etc/default/xen would bring xenconsoled back at the next boot.
cp /etc/default/xen /run/lab/default-xen
echo 'XENCONSOLED_ARGS="--log=all"' >>/etc/default/xen
status=0
xcsd-switchover xcsd || status=$?
cp /run/lab/default-xen /etc/default/xen
same "its status" $status 1
refused "something was changed all the same" test -e /etc/systemd/system/xen.service.d/xcsd.conf
