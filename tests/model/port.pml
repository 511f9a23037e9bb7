/* dom0's end of an event channel, as both models have it; and the daemon's flag of a channel or console whose port it has not unmasked. */

/* dom0's port. What is signalled while it is masked may be kept, as Xen does, or lost: IChannelTransport promises neither. */
bool isPortMasked = true, isPortPending, isPortReadable;

inline NotifyDaemon() {
    if
    :: atomic { !isPortMasked -> isPortMasked = true; isPortReadable = true }
    :: atomic { isPortMasked -> isPortPending = true }
    :: isPortMasked
    fi
}

inline Unmask() {
    d_step {
        if
        :: isMasked && isPortPending -> isPortPending = false; isPortReadable = true
        :: isMasked && !isPortPending -> isPortMasked = false
        :: else
        fi;
        isMasked = false
    }
}
