# Random bytes both ways over a console for ten minutes, or 64 MiB each way: whichever comes first.
# when: on demand
# daemon: none
# deadline: 780
. /lab/consoles.sh
start_console unlimited
linux_guest lin pv </dev/null
wait_console lin '^lab guest up'
console_pair lin -b $((64 * 1048576)) -s 600 "${XCS_SEED:-$(uptime_now | tr -d .)}"
shell_answers lin after
