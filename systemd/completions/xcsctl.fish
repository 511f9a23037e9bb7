# What fits is asked of xcsctl itself: commands, options, and of the daemon the domains and consoles that there are.
function __xcsctl_fitting
    # Up to the cursor, of this command alone.
    set -l line (commandline -cp | string collect)
    xcsctl "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null | string match -rv '^(/|-[?h]$)'
end
complete -c xcsctl -f -a '(__xcsctl_fitting)'
complete -c xcsctl -l socket -r -F
for option in read pcap xcs-socket
    complete -c xcsctl -n '__fish_seen_subcommand_from dump' -l $option -r -F
end
