/* Commands that use the control channel as a decent guest does. */
#include <stddef.h>

#include "channel.h"
#include "commands.h"
#include "events.h"
#include "seeded.h"
#include "text.h"
#include "turn.h"

#define CONSOLE_TYPE 0

static const char s_no_channel[] = "there is no channel: publish";

static const char *why_closed(void) {
    return channel_problem() != NULL ? channel_problem() : s_no_channel;
}

static const char *publish(const struct arguments *args) {
    (void)args;
    if (channel_is_open())
        return "there is a channel: withdraw";
    if (control_page() != NULL)
        control_page_withdraw();
    const char *problem = control_page_publish();
    if (problem == NULL)
        channel_open();
    return problem;
}

static const char *withdraw(const struct arguments *args) {
    (void)args;
    if (control_page() == NULL)
        return s_no_channel;
    channel_abandon();
    control_page_withdraw();
    return NULL;
}

/* Puts what there is room for; false when the channel is lost meanwhile. */
static bool put_seeded(uint64_t seed, uint64_t size, uint64_t *position) {
    while (*position < size) {
        if (!channel_is_open())
            return false;
        for (unsigned int room = channel_room(); room > 0 && *position < size; room--) {
            uint8_t payload[CONTROL_PAYLOAD];
            uint64_t left = size - *position;
            uint8_t length = left < CONTROL_PAYLOAD ? (uint8_t)left : CONTROL_PAYLOAD;
            seeded_fill(seed, *position, payload, length);
            channel_put(CONSOLE_TYPE, 0, length, payload, length);
            *position += length;
        }
        channel_flush();
        if (*position < size)
            turn(FOR_EVER);
    }
    return true;
}

static const char *flood(const struct arguments *args) {
    uint64_t size, seed, position = 0;
    if (!arguments_number(args, 0, &size) || !arguments_number(args, 1, &seed))
        return g_bad_number;
    struct channel_counters before = g_channel_counters;
    if (!put_seeded(seed, size, &position))
        return why_closed();
    while (channel_is_open() && channel_outstanding() > 0)
        turn(FOR_EVER);
    uint64_t sent = g_channel_counters.sent - before.sent;
    uint64_t answered = g_channel_counters.answered - before.answered;
    uint64_t strays = g_channel_counters.strays - before.strays;
    commands_detail("sent %llu answered %llu strays %llu", (unsigned long long)sent,
                    (unsigned long long)answered, (unsigned long long)strays);
    if (!channel_is_open())
        return why_closed();
    return strays == 0 ? NULL : "answers that fit no request";
}

/* Two commands, so that the guest can send meanwhile. */
static const char *expect(const struct arguments *args) {
    struct channel_check check = {0};
    if (!arguments_number(args, 0, &check.size) || !arguments_number(args, 1, &check.seed))
        return g_bad_number;
    g_channel_check = check;
    return NULL;
}

static const char *received(const struct arguments *args) {
    static char problem[64];
    const struct channel_check *check = &g_channel_check;
    (void)args;
    while (channel_is_open() && !check->failed && check->position < check->size)
        turn(FOR_EVER);
    if (check->failed) {
        text_print(problem, sizeof(problem), "wrong at byte %llu",
                   (unsigned long long)check->position);
        return problem;
    }
    commands_detail("%llu bytes", (unsigned long long)check->position);
    return check->position == check->size ? NULL : why_closed();
}

/* A message of any kind; its length need not be true. */
static const char *send(const struct arguments *args) {
    uint64_t type, subtype, length;
    uint8_t payload[CONTROL_PAYLOAD];
    if (!arguments_number(args, 0, &type) || !arguments_number(args, 1, &subtype) ||
        !arguments_number(args, 2, &length) || type > 255 || subtype > 255 || length > 255)
        return g_bad_number;
    seeded_fill(length, 0, payload, sizeof(payload));
    while (channel_is_open() && channel_room() == 0)
        turn(FOR_EVER);
    if (!channel_is_open())
        return why_closed();
    channel_put((uint8_t)type, (uint8_t)subtype, (uint8_t)length, payload, sizeof(payload));
    channel_flush();
    return NULL;
}

static const char *set_switch(const struct arguments *args, bool *mode) {
    static const char *const names[] = {"off", "on"};
    unsigned int choice = args->count == 0 ? 1 : arguments_choice(args, 0, names, 2);
    if (choice == 2)
        return "on or off";
    *mode = choice == 1;
    /* The requests that it held back. */
    channel_serve();
    return NULL;
}

static const char *echo(const struct arguments *args) {
    return set_switch(args, &g_channel_modes.echo);
}

static const char *mute(const struct arguments *args) {
    return set_switch(args, &g_channel_modes.mute);
}

static const char *notify(const struct arguments *args) {
    static const char *const names[] = {"batch", "each"};
    unsigned int choice = arguments_choice(args, 0, names, 2);
    if (choice == 2)
        return "each or batch";
    g_channel_modes.notify_each = choice == 1;
    return NULL;
}

static const char *counters(const struct arguments *args) {
    (void)args;
    const struct channel_counters *c = &g_channel_counters;
    commands_detail("sent %llu answered %llu strays %llu requests %llu notifies %llu",
                    (unsigned long long)c->sent, (unsigned long long)c->answered,
                    (unsigned long long)c->strays, (unsigned long long)c->requests,
                    (unsigned long long)c->notifies);
    return channel_problem();
}

const struct command g_channel_commands[] = {
    {"publish", "", 0, 0, publish},
    {"withdraw", "", 0, 0, withdraw},
    {"flood", "BYTES SEED", 2, 2, flood},
    {"expect", "BYTES SEED", 2, 2, expect},
    {"received", "", 0, 0, received},
    {"send", "TYPE SUBTYPE LENGTH", 3, 3, send},
    {"echo", "[off]", 0, 1, echo},
    {"mute", "[off]", 0, 1, mute},
    {"notify", "each|batch", 1, 1, notify},
    {"counters", "", 0, 0, counters},
    COMMANDS_END,
};
