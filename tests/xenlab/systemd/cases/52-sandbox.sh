# What the unit may write and may not do.
in_sandbox -- /etc/ /etc/xcs/ /usr/ /root/ /run/ /run/lock/ /var/lib/ /run/xcs/ /var/log/xcs/ /var/lib/xen/
of() {
    sed -n "s,^$1 ,,p" /run/lab/probe
}
for dir in /run/xcs/ /var/log/xcs/ /var/lib/xen/; do
    same "a file in $dir" "$(of $dir)" ok
done
for dir in /etc/ /etc/xcs/ /usr/ /run/ /run/lock/ /var/lib/; do
    same "a file in $dir" "$(of $dir)" "Read-only file system"
done
refused "a file in /root" test "$(of /root/)" = ok
same "a Unix socket" "$(of unix-socket)" ok
refused "an Internet socket" test "$(of internet-socket)" = ok
refused "writable and executable memory" test "$(of write-execute)" = ok
refused "a mount namespace" test "$(of mount-namespace)" = ok

exposure=$(systemd-analyze security xcsd.service --no-pager | awk '/Overall exposure/ { print $(NF - 2) }')
others=$(systemd-analyze security xen.service --no-pager | awk '/Overall exposure/ { print $(NF - 2) }')
echo "systemd-analyze security: xcsd.service $exposure, xen.service $others" >"/out/$CASE/figures"
awk -v exposure="$exposure" 'BEGIN { exit !(exposure > 0 && exposure < 2) }' || fail "exposure is $exposure"
