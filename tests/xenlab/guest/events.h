/* Event channels without interrupts: all are masked, and the guest asks for the pending bits. */
#ifndef GUEST_EVENTS_H
#define GUEST_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>

#include <xen/event_channel.h>

#define FOR_EVER 0

/* Masks all and forgets whom events_wait looks at. */
void events_init(void);

/* events_wait ends for this port too; 0 is no port and does nothing. */
void events_add(evtchn_port_t port);
void events_remove(evtchn_port_t port);

/* Sleeps until a port that was added has an event, or until a moment of the system time. Whoever
 * looks at a ring takes its event first: one that comes in between then ends the next wait. */
void events_wait(uint64_t until);

/* The same for one port alone, and for ever. */
void events_wait_for(evtchn_port_t port);

/* Whether there was an event; it is gone then. */
bool events_take(evtchn_port_t port);

void events_notify(evtchn_port_t port);

/* A new port for domain 0 to bind to, or 0. */
evtchn_port_t events_open(void);
void events_close(evtchn_port_t port);

#endif
