# What fits is asked of xcsctl itself: commands, options, and of the daemon the domains and consoles that there are.
_xcsctl() {
    local cur=${COMP_WORDS[COMP_CWORD]} word
    COMPREPLY=()
    case ${COMP_WORDS[COMP_CWORD - 1]} in
        --read | --pcap | --socket | --xcs-socket)
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return
            ;;
    esac
    while IFS= read -r word; do
        [[ $word == "$cur"* ]] && COMPREPLY+=("$(printf %q "$word")")
    done < <(xcsctl "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null | grep -v -e '^/' -e '^-[?h]$')
}
complete -F _xcsctl xcsctl
