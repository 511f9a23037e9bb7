# The Debian package's life under a guest: installed beside xenconsoled, switched to, upgraded under an `xl console` that misses no line,
# removed, which gives the console back, and purged.
# xenconsoled: runs
# deadline: 900
old=$(echo /lab/packages/old/xcsd_*.deb)
new=$(echo /lab/packages/new/xcsd_*.deb)
[ -e "$old" ] || skip "there is no package: ./build.sh package"
lines=300
status() {
    xcsd-switchover status | tr '\n' ' '
}
shown() {
    grep -q "line $1 of" /run/lab/shown
}
# The guest is in what Prometheus would read.
scraped() {
    exec 5<>/dev/tcp/127.0.0.1/9788 || return 1
    printf 'GET /metrics HTTP/1.1\r\nHost: dom0\r\nConnection: close\r\n\r\n' >&5
    grep -q "^xcs_guest_console_bytes_total{.*domain=\"$1\"" <&5
}
installed() {
    dpkg-query -W -f '${Version}' xcsd
}
# What 10-install has put there by hand.
rm -f /usr/sbin/{xcsd,xcsd-switchover} /usr/bin/{xcsctl,xcs-guest} /usr/sbin/*.so /usr/local/lib/libxcs_xenctrl.so /etc/systemd/system/xcsd.{service,socket}
ldconfig
systemctl daemon-reload
linux_guest web </dev/null
until_true "xenconsoled serves the console" console_answers web first

dpkg -i "$old"
same "after the installation" "$(status)" "now: xenconsoled after a boot: xenconsoled "
check "there is no group xcs" getent group xcs
check "xcsd does not run" xcsd --version
xcsd-switchover xcsd
until_true "xcsd serves the console" console_answers web switched
same "the socket's group" "$(stat -c %G /run/xcs/console.sock)" xcs
same "the guest's console, listed" "$(xcsctl list | awk '/ web /{ n++ } END { print n }')" 1
systemctl enable --now xcs-exporter
until_true "the exporter shows the guest" scraped web
refused "the exporter is root's" [ "$(stat -c %u "/proc/$(property xcs-exporter.service MainPID)")" = 0 ]

# shellcheck disable=SC2016 # for the guest's shell
lab-pty -t $((WAIT * 3)) "s:stty -echo; i=0; while [ \$i -lt $lines ]; do echo \"line \$i of the stream\"; i=\$((i + 1)); sleep 0.05; done; echo all-\$((1 + 1))\\r" \
    'e:all-2' 's:\x1d' x:0 -- xl console web >/run/lab/shown 2>&1 &
console=$!
until_true "the first lines" shown 10
process=$(property xcsd.service MainPID)
before=$(installed)
dpkg -i "$new"
refused "the version is the same" [ "$(installed)" = "$before" ]
same "the process after the upgrade" "$(property xcsd.service MainPID)" "$process"
same "its executable" "$(readlink "/proc/$process/exe")" /usr/lib/xcs/xcsd
check "the upgrade was no upgrade in place" said xcsd.service 'Took over from the daemon before'
wait "$console" || fail "xl console was hung up"
grep -a -o 'line [0-9]* of the stream' /run/lab/shown >/run/lab/got
seq -f 'line %.0f of the stream' 0 $((lines - 1)) >/run/lab/sent
check "lines are missing, or came twice: $(diff /run/lab/sent /run/lab/got | head -n 5)" cmp -s /run/lab/sent /run/lab/got
echo "upgraded from $before to $(installed) under xl console: $lines lines, each once" >"/out/$CASE/figures"

dpkg -r xcsd
until_true "xenconsoled serves the console again" console_answers web removed
check "the settings went with the package" test -e /etc/xcs/xcsd.json
check "xenconsoled is kept out of the next boot" test ! -e /etc/systemd/system/xen.service.d/xcsd.conf
dpkg --purge xcsd
for path in /etc/xcs/xcsd.json /var/log/xcs /run/xcs /usr/lib/xcs /lib/systemd/system/xcsd.service /etc/systemd/system/multi-user.target.wants/xcsd.service; do
    check "$path is left" test ! -e "$path"
done
xl destroy web
# shellcheck disable=SC1091 # for the cases that follow
. /lab/cases/10-install.sh
