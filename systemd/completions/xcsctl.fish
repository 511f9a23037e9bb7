# What fits is asked of xcsctl itself.
complete -c xcsctl -f -a "(xcsctl '[suggest:'(commandline -C)']' (commandline) 2>/dev/null | string match -rv '^(/|-[?h]\$)')"
