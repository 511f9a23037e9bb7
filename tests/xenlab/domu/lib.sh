# What jobs in Linux guests are written with.

# say WORD VALUE: tells the case in dom0, through xenstore.
say() {
    xenstore-write "data/lab/$1" "$2"
}

# next STEP: waits until the case says `tell GUEST STEP`.
next() {
    lab-wait 100 key data/lab/step "^$1\$"
}
