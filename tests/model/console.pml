/* The output of a console ring as spin checks it: a guest that prints and waits for room, and a daemon that may be killed. Names are the
 * code's: XcsSharp.Switching/Streams/ConsoleStream.cs, XcsSharp.Rings/ConsoleRing.cs. README.md says what is checked. */
#ifndef BYTES
#define BYTES 4 /* the guest's, in all */
#endif
#ifndef KILLS
#define KILLS 2
#endif
#define SIZE 2
#define DRAINS_A_NOTIFY 2
#define MAY_DIE if :: kills > 0 -> kills--; goto dead :: true fi

/* The page. Indexes count on, as in the code. */
byte out_prod, out_cons;
bool isGuestSignalled;

/* The daemon's memory. */
bool isMasked, isInTurn, hasMoved, tookSome;
byte drainsSinceNotify, kills = KILLS;

#include "port.pml"

ltl taken { <> (out_cons == BYTES) }

active proctype Guest() {
    do
    :: out_prod < BYTES && out_prod - out_cons < SIZE -> out_prod++; NotifyDaemon()
    :: out_prod < BYTES && out_prod - out_cons == SIZE -> isGuestSignalled; isGuestSignalled = false
    :: out_prod == BYTES -> break
    od;
    out_cons == BYTES
}

inline NotifyIfMoved() {
    if
    :: hasMoved -> hasMoved = false; drainsSinceNotify = 0; isGuestSignalled = true
    :: else
    fi
}

/* The rest of a batch comes in the console's next turn: one byte is enough for that here. */
inline Take() {
    if
    :: out_cons < out_prod -> out_cons++; hasMoved = true; tookSome = true
    :: else
    fi
}

active proctype Daemon() {
attach:
    skip;
    d_step {
        isMasked = true; isInTurn = false; tookSome = false; drainsSinceNotify = 0;
        isPortMasked = true; isPortPending = false; isPortReadable = true; /* a port that is bound is signalled once */
#ifdef NO_SIGNAL_AT_ATTACH
        hasMoved = false
#else
        hasMoved = out_cons > 0 /* IConsoleTransport.WasUsed */
#endif
    }
end:
    do
    :: isPortReadable || isInTurn ->
        if
        :: isPortReadable -> isPortReadable = false; isMasked = true
        :: isInTurn -> isInTurn = false
        fi;
        tookSome = false;
        Take();
        MAY_DIE;
        if
        :: !tookSome && isMasked ->
#ifdef LOOK_BEFORE_UNMASK
            Take();
            Unmask()
#else
            Unmask();
            Take()
#endif
        :: else
        fi;
        MAY_DIE;
        if :: tookSome -> isInTurn = true :: else fi;
        if
        :: isInTurn && drainsSinceNotify + 1 < DRAINS_A_NOTIFY -> drainsSinceNotify++
        :: else ->
#ifndef FORGET_THE_SIGNAL
            NotifyIfMoved()
#else
            if :: isInTurn -> NotifyIfMoved() :: else fi
#endif
        fi;
        MAY_DIE
    od;
dead:
    goto attach
}
