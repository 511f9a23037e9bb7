# What jobs in Linux guests are written with. A wait that gives up ends the job.
WAIT=$((60 * $(cat /patience)))

# say WORD VALUE: tells the case in dom0, through xenstore.
say() {
    xenstore-write "data/lab/$1" "$2"
}

# next STEP: waits until the case says `tell GUEST STEP`.
next() {
    lab-wait "$WAIT" key data/lab/step "^$1\$" >/dev/null
}

# wait_file FILE [REGEX]: until a line of the file matches.
wait_file() {
    lab-wait "$WAIT" file "$@"
}
