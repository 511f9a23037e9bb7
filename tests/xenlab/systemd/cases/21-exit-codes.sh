# What does not mend itself is not tried again: wrong settings end with 2, a machine that does not allow it with 3.
mkdir -p /etc/xcs
echo '{ "Sockets": { "Mode": "0999" } }' >/etc/xcs/xcsd.json
refused "xcsd starts with a wrong setting" systemctl start xcsd.service
same "exit code of wrong settings" "$(property xcsd.service ExecMainStatus)" 2
same "restarts" "$(property xcsd.service NRestarts)" 0
said xcsd.service 'Sockets:Mode' || fail "the journal does not name the setting"
rm /etc/xcs/xcsd.json
systemctl reset-failed

# Another daemon on the socket.
mkdir -p /run/xcs
socat UNIX-LISTEN:/run/xcs/console.sock,fork /dev/null &
until_true "a listening socket" test -S /run/xcs/console.sock
refused "xcsd starts on a socket in use" systemctl start xcsd.service
same "exit code of a socket in use" "$(property xcsd.service ExecMainStatus)" 3
same "restarts" "$(property xcsd.service NRestarts)" 0
said xcsd.service 'another daemon serves /run/xcs/console.sock' || fail "the journal does not say why"
kill $!
