# What fits is asked of xcsctl itself.
_xcsctl() {
    local words
    words=$(xcsctl "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null | grep -v -e '^/' -e '^-[?h]$')
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}")
}
complete -F _xcsctl xcsctl
