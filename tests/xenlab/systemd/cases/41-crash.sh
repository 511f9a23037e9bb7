# A crash is followed by a new daemon, which serves the clients that came meanwhile.
systemctl start xcsd.socket xcsd.service
restarts=0
for signal in KILL ABRT; do
    kill -s $signal "$(property xcsd.service MainPID)"
    serves || fail "no answer after SIG$signal"
    restarts=$((restarts + 1))
    same "restarts after SIG$signal" "$(property xcsd.service NRestarts)" $restarts
done
same "sockets" "$(property xcsd.socket SubState)" running
