# A Linux PVH guest boots, and its console is there.
# daemon: xenconsoled
# deadline: 120
linux_guest cave pvh </dev/null
wait_said cave up
wait_console cave '^lab guest up'
# shellcheck disable=SC2016 # the guest's shell is to expand it
type_line cave 'echo answer $((40 + 2))'
wait_console cave '^answer 42'
