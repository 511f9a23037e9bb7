# The console of a Linux PVH guest: boot messages and a shell session, the same bytes in `xl console`, `xcsctl console` and the
# log.
# daemon: console
# deadline: 300
. /lab/consoles.sh
same_in_all_places cave pvh
