/* PVH: what the processor objects to is told, instead of a triple fault that looks like a reboot on
 * request. On PV, Xen itself crashes a domain without a handler and says what it was. */
#ifndef GUEST_TRAPS_H
#define GUEST_TRAPS_H

void traps_init(void);

#endif
