#include "turn.h"

#include "channel.h"
#include "clock.h"
#include "events.h"
#include "platform.h"
#include "store.h"

void turn(uint64_t until) {
    events_wait(until);
    /* Whoever waits for the console looks at its ring after this. */
    events_take(g_platform.console_port);
    store_serve();
    channel_serve();
}

void turn_for_ms(uint64_t ms) {
    uint64_t until = clock_now() + ms * NS_PER_MS;
    while (clock_now() < until)
        turn(until);
}
