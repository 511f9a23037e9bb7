/* The guest's one loop: whoever waits for something calls turn() until it has come. */
#ifndef GUEST_TURN_H
#define GUEST_TURN_H

#include <stdint.h>

/* Sleeps until an event or a moment of the system time (FOR_EVER: until an event), then serves the
 * control channel and xenstore's watches. Console input stays in its ring. */
void turn(uint64_t until);

/* turn() for so long. */
void turn_for_ms(uint64_t ms);

#endif
