# A daemon that hangs is killed and started anew; one that idles is left alone.
drop_in xcsd.service <<'TEXT'
[Service]
WatchdogSec=16
TimeoutAbortSec=30
TEXT
systemctl start xcsd.service
hung=$(property xcsd.service MainPID)
# Idle for more than two of its periods: nobody asks it anything.
refused "an idle daemon ended" lab-wait 36 exit "$hung"
same "restarts of an idle daemon" "$(property xcsd.service NRestarts)" 0

kill -s STOP "$hung"
until_true "a new daemon" is xcsd.service NRestarts 1
until_true "its start" is xcsd.service ActiveState active
serves || fail "the new daemon does not answer"
said xcsd.service 'Watchdog timeout' || fail "it was not the watchdog"
