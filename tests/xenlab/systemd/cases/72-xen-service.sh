# Restarting xen.service (an upgrade does that) leaves a dom0 that was switched over alone: xenstored and xcsd stay, and no
# xenconsoled comes back.
xcsd-switchover xcsd
before=$(property xcsd.service MainPID)
xenstored=$(cat /run/xenstore.pid)
systemctl restart xen.service
same "xenstored" "$(cat /run/xenstore.pid)" "$xenstored"
same "xcsd" "$(property xcsd.service MainPID)" "$before"
refused "xenconsoled runs beside xcsd" pidof xenconsoled
serves || fail "xcsd does not serve after it"
