/* Lies in shared memory, and events without a reason. After a lie on the control page the guest
 * itself leaves the channel alone; publish starts a new one. */
#include <stddef.h>

#include "channel.h"
#include "clock.h"
#include "commands.h"
#include "console.h"
#include "events.h"
#include "platform.h"
#include "seeded.h"
#include "text.h"
#include "turn.h"

/* How long a wild index of the console ring stays: the guest needs the ring itself. */
#define HOLD_MS 1000
#define EVENTS_PER_LOOK 64u

static const char s_no_page[] = "nothing is published";

static const struct shared_index {
    const char *name;
    bool is_control;
    size_t offset;
} s_indexes[] = {
    {"tx-req", true, offsetof(struct control_page, tx.req_prod)},
    {"tx-rsp", true, offsetof(struct control_page, tx.rsp_prod)}, /* the controller's */
    {"rx-req", true, offsetof(struct control_page, rx.req_prod)}, /* the controller's */
    {"rx-rsp", true, offsetof(struct control_page, rx.rsp_prod)},
    {"out-prod", false, offsetof(struct xencons_interface, out_prod)},
    {"out-cons", false, offsetof(struct xencons_interface, out_cons)}, /* the daemon's */
    {"in-prod", false, offsetof(struct xencons_interface, in_prod)},   /* the daemon's */
    {"in-cons", false, offsetof(struct xencons_interface, in_cons)},
};

static const struct shared_index *find_index(const char *name) {
    for (size_t i = 0; i < sizeof(s_indexes) / sizeof(*s_indexes); i++)
        if (text_equal(s_indexes[i].name, name))
            return &s_indexes[i];
    return NULL;
}

static const char *wild(const struct arguments *args) {
    const struct shared_index *index = find_index(args->word[0]);
    uint64_t offset;
    if (index == NULL)
        return "no such index";
    if (!arguments_number(args, 1, &offset))
        return g_bad_number;
    if (index->is_control && control_page() == NULL)
        return s_no_page;
    if (index->is_control)
        channel_abandon();
    char *page = index->is_control ? (char *)control_page() : (char *)g_platform.console;
    __atomic_fetch_add((uint32_t *)(page + index->offset), (uint32_t)offset, __ATOMIC_SEQ_CST);
    events_notify(index->is_control ? control_page_port() : g_platform.console_port);
    if (!index->is_control) {
        turn_for_ms(HOLD_MS);
        console_restore();
    }
    return NULL;
}

/* All answers from now on claim this length. */
static const char *answer_length(const struct arguments *args) {
    uint64_t length;
    if (!arguments_number(args, 0, &length) || length > 255)
        return g_bad_number;
    g_channel_modes.answer_length = (uint8_t)length;
    return NULL;
}

/* Answers to requests that were never made, each with its event. */
static const char *answers(const struct arguments *args) {
    uint64_t count;
    if (!arguments_number(args, 0, &count))
        return g_bad_number;
    if (control_page() == NULL)
        return s_no_page;
    channel_abandon();
    for (; count > 0; count--) {
        __atomic_fetch_add(&control_page()->rx.rsp_prod, 1, __ATOMIC_SEQ_CST);
        events_notify(control_page_port());
    }
    return NULL;
}

static const char *storm(const struct arguments *args) {
    static const char *const names[] = {"control", "console"};
    uint64_t seconds, sent = 0;
    unsigned int which = arguments_choice(args, 0, names, 2);
    if (which == 2)
        return "control or console";
    if (!arguments_number(args, 1, &seconds))
        return g_bad_number;
    evtchn_port_t port = which == 0 ? control_page_port() : g_platform.console_port;
    if (port == 0)
        return s_no_page;
    for (uint64_t until = clock_now() + seconds * NS_PER_S; clock_now() < until;)
        for (unsigned int i = 0; i < EVENTS_PER_LOOK; i++, sent++)
            events_notify(port);
    commands_detail("%llu events", (unsigned long long)sent);
    return NULL;
}

/* The whole page, header and all, as memory that was given to somebody else looks. */
static const char *scribble(const struct arguments *args) {
    uint64_t seed;
    if (!arguments_number(args, 0, &seed))
        return g_bad_number;
    if (control_page() == NULL)
        return s_no_page;
    channel_abandon();
    seeded_fill(seed, 0, control_page(), sizeof(struct control_page));
    events_notify(control_page_port());
    return NULL;
}

static const char *free_page(const struct arguments *args) {
    (void)args;
    if (control_page() == NULL)
        return s_no_page;
    channel_abandon();
    if (!control_page_free())
        return "Xen does not take the frame";
    events_notify(control_page_port());
    return NULL;
}

/* As a program that is killed: its kernel clears the liveness byte and closes the port. */
static const char *vanish(const struct arguments *args) {
    (void)args;
    if (control_page() == NULL)
        return s_no_page;
    channel_abandon();
    control_page()->alive = 0;
    control_page_leave();
    return NULL;
}

const struct command g_misbehave_ring_commands[] = {
    {"wild", "INDEX OFFSET", 2, 2, wild}, {"answer-length", "LENGTH", 1, 1, answer_length},
    {"answers", "COUNT", 1, 1, answers},  {"storm", "control|console SECONDS", 2, 2, storm},
    {"scribble", "SEED", 1, 1, scribble}, {"free", "", 0, 0, free_page},
    {"vanish", "", 0, 0, vanish},         COMMANDS_END,
};
