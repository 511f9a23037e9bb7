# shellcheck shell=bash
# Sourced with the bed's name, its folder and the folder with one of each case's output: what became of each case, how many passed, what the bed needs
# of Debian, and how it ends. Whoever sources it keeps in the array `cases` what was to be run, and has the functions show_figures CASE, what one that
# passed has measured, and show_serial, what the machine said last.
# shellcheck disable=SC2154 # cases and root are theirs
bed_name=$1
bed_folder=$2
bed_output=$3

declare -A ended=()
passed=0
failed=0
skipped=0

indent() {
    tr -d '\000\r' | sed 's/^/    /'
}

# What is known of a failed case: its output, the daemons' logs, the consoles, Xen's messages.
show_failure() {
    local file
    # Of one that never began there is nothing.
    [ -d "$bed_output/$1" ] || return 0
    for file in "$bed_output/$1"/*; do
        if [ -s "$file" ] && [ "${file##*/}" != kernel ]; then
            echo "  -- ${file##*/}"
            tail -n 60 "$file" | indent
        fi
    done
    echo "  -- all of it: ${bed_output#"$root/"}/$1"
}

# result CASE ok|skipped|failed SECONDS REASON
result() {
    local name=$1 result=$2 seconds=$3 reason=$4
    ended[$name]=$result
    case $result in
        ok)
            passed=$((passed + 1))
            printf '%-8s %6ss  %s\n' ok "$seconds" "$name"
            show_figures "$name"
            ;;
        skipped)
            skipped=$((skipped + 1))
            printf '%-8s %6ss  %s: %s\n' skipped "$seconds" "$name" "$reason"
            ;;
        *)
            failed=$((failed + 1))
            printf '%-8s %6ss  %s: %s\n' FAILED "$seconds" "$name" "$reason"
            show_failure "$name"
            ;;
    esac
}

# The cases that did not end cannot run any more.
give_up() {
    local name
    for name in "${cases[@]}"; do
        [ -n "${ended[$name]:-}" ] || result "$name" failed - "$1"
    done
    show_serial
}

finish() {
    echo
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ]
    exit
}

skip_all() {
    echo "$bed_name: skipped: $*"
    skipped=${#cases[@]}
    finish
}

# have PROGRAM=PACKAGE...: installs what is missing as root; otherwise the bed is skipped, with the command that mends it.
have() {
    local pair missing=()
    for pair; do
        command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
    done
    [ ${#missing[@]} -eq 0 ] && return
    [ "$(id -u)" -eq 0 ] || skip_all "packages are missing; run: sudo apt-get install ${missing[*]}"
    echo "$bed_name: installing ${missing[*]}"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
        >"$bed_folder/install.log" 2>&1 || skip_all "cannot install ${missing[*]}: $(tail -n 1 "$bed_folder/install.log")"
}
