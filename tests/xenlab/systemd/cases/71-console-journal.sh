# A guest's console in the real journal: its lines under a name of their own, with fields that say whose they are, and of no unit's.
# What else is off by default works in the sandbox too: time stamps, a socket of its own, the record of what was typed.
mkdir -p /etc/xcs
echo '{ "Consoles": { "Journal": "on", "LogTimestamps": "utc", "LogCompress": "gzip", "SocketDirectory": "/run/xcs/console", "InputLog": "on" } }' >/etc/xcs/xcsd.json
systemctl start xcsd.socket xcsd.service
linux_guest web </dev/null
until_true "the guest's terminal" test -e /run/xcs/pty/web
until_true "the guest's console" console_answers web once
id=$(xl domid web)
entries() {
    journalctl -q -t xcs-console --after-cursor="$CURSOR" XCS_DOMAIN=web XCS_DOMID="$id" "$@"
}
in_journal() {
    entries -o cat | grep -q '^heard 42 once'
}
until_true "its answer in the journal" in_journal
entries -o json | tee "/out/$CASE/entries" | tail -n 3
check "entries without a UUID" [ "$(entries -o json | grep -c '"XCS_UUID":"[0-9a-f-]\{36\}"')" = "$(entries -o json | wc -l)" ]
check "its log has no time stamps" grep -q '^[0-9-]*T[0-9:.]*Z heard 42 once' /var/log/xcs/guest-web.log
check "no socket of its own" test -S /run/xcs/console/web.sock
# shellcheck disable=SC2016 # as it was typed
check "what was typed is not recorded" grep -q 'heard \$((6 \* 7)) once' /var/log/xcs/typed-web.log
same "warnings of the daemon" "$(journalctl -q -u xcsd.service -t xcsd --after-cursor="$CURSOR" -p warning -o cat)" ""
xl destroy web
