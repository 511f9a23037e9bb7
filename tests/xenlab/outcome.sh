# shellcheck shell=bash
# Sourced with the bed's name and its folder: how many of its cases passed, what it needs of Debian, and how it ends. Whoever sources it keeps in
# the array `cases` what was to be run.
bed_name=$1
bed_folder=$2

passed=0
failed=0
skipped=0

finish() {
    echo
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ]
    exit
}

skip_all() {
    echo "$bed_name: skipped: $*"
    # shellcheck disable=SC2154 # it is who sources this that has it
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
