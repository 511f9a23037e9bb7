/* Both rings of the control channel, from the guest's side. */
#ifndef GUEST_CHANNEL_H
#define GUEST_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "control_page.h"

struct channel_counters {
    uint64_t sent;     /* our requests */
    uint64_t answered; /* answers to them */
    uint64_t strays;   /* of these, such as fit no request of ours */
    uint64_t requests; /* the controller's */
    uint64_t notifies; /* that we sent */
};

struct channel_modes {
    bool notify_each;      /* as the driver of 2005; else once a batch */
    bool echo;             /* send each request's payload back as a console request */
    bool mute;             /* leave the controller's requests in the ring */
    uint8_t answer_length; /* 0, unless it is to be a lie */
};

/* A check of the payloads that come: the next bytes of a seeded stream. */
struct channel_check {
    uint64_t seed;
    uint64_t position;
    uint64_t size;
    bool failed; /* at position */
};

extern struct channel_modes g_channel_modes;
extern struct channel_counters g_channel_counters;
extern struct channel_check g_channel_check;

/* The page has just been published, with all indexes 0. */
void channel_open(void);

/* We have lied, or are gone: nothing is read from the page or put into it from now on. */
void channel_abandon(void);

bool channel_is_open(void);

/* Why channel_is_open is false when the other end is to blame; else NULL. */
const char *channel_problem(void);

/* Requests that can be sent now. */
unsigned int channel_room(void);
unsigned int channel_outstanding(void);

/* Puts a request, for which there must be room. Length is what the message says, true or not.
 * Without a notify unless in the mode: see channel_flush. */
void channel_put(uint8_t type, uint8_t subtype, uint8_t length, const void *payload,
                 unsigned int size);

/* Sends the notify that is due. */
void channel_flush(void);

/* Takes answers, answers requests. */
void channel_serve(void);

#endif
