#include "console.h"

#include "clock.h"
#include "events.h"
#include "platform.h"
#include "text.h"
#include "turn.h"

#define SAY_MS 2000

/* Our own indexes: those in the page may be lies of ours. */
static uint32_t s_out_put;
static uint32_t s_in_taken;

void console_init(void) {
    s_out_put = g_platform.console->out_prod;
    s_in_taken = g_platform.console->in_cons;
}

void console_restore(void) {
    g_platform.console->out_prod = s_out_put;
    g_platform.console->in_cons = s_in_taken;
}

size_t console_put(const void *bytes, size_t size) {
    struct xencons_interface *ring = g_platform.console;
    const char *from = bytes;
    uint32_t used = s_out_put - __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE);
    size_t room = used <= sizeof(ring->out) ? sizeof(ring->out) - used : 0;
    if (size > room)
        size = room;
    for (size_t i = 0; i < size; i++)
        ring->out[MASK_XENCONS_IDX(s_out_put++, ring->out)] = from[i];
    __atomic_store_n(&ring->out_prod, s_out_put, __ATOMIC_RELEASE);
    return size;
}

size_t console_write(const void *bytes, size_t size, uint64_t until) {
    size_t done = 0;
    for (;;) {
        size_t put = console_put((const char *)bytes + done, size - done);
        done += put;
        if (put > 0)
            events_notify(g_platform.console_port);
        if (done == size || (until != FOR_EVER && clock_now() >= until))
            return done;
        turn(until);
    }
}

void console_say(const char *format, ...) {
    char line[320] = "@@ ";
    va_list args;
    va_start(args, format);
    size_t length = 3 + text_format(line + 3, sizeof(line) - 5, format, args);
    va_end(args);
    line[length++] = '\r';
    line[length++] = '\n';
    console_write(line, length, clock_now() + SAY_MS * NS_PER_MS);
}

size_t console_read(void *bytes, size_t size) {
    struct xencons_interface *ring = g_platform.console;
    char *to = bytes;
    uint32_t available = __atomic_load_n(&ring->in_prod, __ATOMIC_ACQUIRE) - s_in_taken;
    if (available > sizeof(ring->in))
        available = 0; /* nothing to believe */
    if (size > available)
        size = available;
    for (size_t i = 0; i < size; i++)
        to[i] = ring->in[MASK_XENCONS_IDX(s_in_taken++, ring->in)];
    if (size > 0) {
        __atomic_store_n(&ring->in_cons, s_in_taken, __ATOMIC_RELEASE);
        events_notify(g_platform.console_port);
    }
    return size;
}

size_t console_wait_read(void *bytes, size_t size) {
    size_t got;
    while ((got = console_read(bytes, size)) == 0)
        turn(FOR_EVER);
    return got;
}
