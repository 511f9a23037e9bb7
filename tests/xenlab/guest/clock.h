#ifndef GUEST_CLOCK_H
#define GUEST_CLOCK_H

#include <stdint.h>

#define NS_PER_MS 1000000ull
#define NS_PER_S (1000 * NS_PER_MS)

/* Xen's system time, in nanoseconds: what SCHEDOP_poll's deadlines are made of. */
uint64_t clock_now(void);

/* A number that no earlier call had, in this life of the domain or another. Never 0. */
uint64_t clock_nonce(void);

#endif
