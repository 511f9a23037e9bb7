/* Lies and floods in the guest's part of xenstore. */
#include <stddef.h>

#include "channel.h"
#include "clock.h"
#include "commands.h"
#include "store.h"
#include "text.h"
#include "turn.h"

#define MAX_VALUE 900u

static const char s_refused[] = "xenstore refuses";

static void channel_key(char *key, size_t size, const char *name) {
    text_print(key, size, "data/xcs/%s", name);
}

static const char *set(const struct arguments *args) {
    char key[64];
    channel_key(key, sizeof(key), args->word[0]);
    return store_write(key, args->count > 1 ? args->word[1] : "") ? NULL : s_refused;
}

static const char *set_long(const struct arguments *args) {
    static char value[MAX_VALUE + 1];
    char key[64];
    uint64_t size;
    if (!arguments_number(args, 1, &size) || size > MAX_VALUE)
        return g_bad_number;
    memset(value, 'A', (size_t)size);
    value[size] = '\0';
    channel_key(key, sizeof(key), args->word[0]);
    return store_write(key, value) ? NULL : s_refused;
}

static const char *unset(const struct arguments *args) {
    char key[64];
    channel_key(key, sizeof(key), args->word[0]);
    return store_remove(key) ? NULL : s_refused;
}

/* Rewrites the keys with anything, as fast as xenstored takes it. */
static const char *keys(const struct arguments *args) {
    static const char *const names[] = {"version", "ring-ref", "event-channel", "ready"};
    static const char *const values[] = {
        "1",    "8",       "",      "-1", "0", "4294967295", "99999999999999999999",
        "0x10", "\033[2J", "../..", "7"};
    uint64_t seconds, written = 0;
    if (!arguments_number(args, 0, &seconds))
        return g_bad_number;
    channel_abandon();
    for (uint64_t until = clock_now() + seconds * NS_PER_S; clock_now() < until; written++) {
        char key[64];
        channel_key(key, sizeof(key), names[written % 4]);
        store_write(key, values[(uint32_t)written % (sizeof(values) / sizeof(*values))]);
    }
    commands_detail("%llu keys", (unsigned long long)written);
    return NULL;
}

/* same: the keys again, nothing has changed. new: page, port and reference stay, the nonce changes.
 * lie: a nonce that is not the one in the page. */
static const char *republish(const struct arguments *args) {
    static const char *const names[] = {"same", "new", "lie"};
    uint64_t times = 1;
    unsigned int how = arguments_choice(args, 0, names, 3);
    if (how == 3)
        return "same, new or lie";
    if (args->count > 1 && !arguments_number(args, 1, &times))
        return g_bad_number;
    if (control_page() == NULL)
        return "nothing is published";
    const char *problem = NULL;
    for (; times > 0 && problem == NULL; times--) {
        channel_serve();
        if (how == 1) {
            problem = control_page_publish_again();
            channel_open();
        } else {
            problem = control_page_write_keys(how == 0 ? control_page_nonce() : clock_nonce());
        }
    }
    if (how == 2)
        channel_abandon();
    return problem;
}

const struct command g_misbehave_store_commands[] = {
    {"set", "KEY [VALUE]", 1, 2, set},
    {"set-long", "KEY BYTES", 2, 2, set_long},
    {"unset", "KEY", 1, 1, unset},
    {"keys", "SECONDS", 1, 1, keys},
    {"republish", "same|new|lie [TIMES]", 1, 2, republish},
    COMMANDS_END,
};
