# What README's "On a real dom0" tells the operator to copy, and units that systemd reads without complaint.
# xenconsoled: runs
# always: yes
install -m 755 /lab/bin/xcsd /usr/sbin/
install -m 755 /lab/bin/xcsctl /lab/bin/xcs-guest /usr/bin/
install -m 644 /lab/bin/libxcs_xenctrl.so /usr/local/lib/
find /lab/bin -name '*.so' ! -name libxcs_xenctrl.so -exec install -m 644 {} /usr/sbin/ \;
ldconfig
install -m 755 /lab/units/xcsd-switchover /usr/sbin/
install -m 644 /lab/units/xcsd.service /lab/units/xcsd.socket /etc/systemd/system/
systemctl daemon-reload

same "xcsd is enabled" "$(systemctl is-enabled xcsd.service || true)" disabled
complaints=$(systemd-analyze verify /etc/systemd/system/xcsd.service /etc/systemd/system/xcsd.socket 2>&1 | grep xcsd || true)
same "systemd-analyze verify" "$complaints" ""
check "xcsd does not run here" xcsd --version
