#include "lifecycle.h"

#include <stddef.h>
#include <stdint.h>

#include <xen/sched.h>

#include "channel.h"
#include "commands.h"
#include "console.h"
#include "events.h"
#include "hypercall.h"
#include "platform.h"
#include "store.h"
#include "text.h"
#include "turn.h"

#define REQUEST_KEY "control/shutdown"
#define MAX_LAST_WORDS 2048u

void lifecycle_connect(void) {
    events_init();
    events_add(g_platform.console_port);
    events_add(g_platform.store_port);
    console_init();
    store_init();
    control_page_init();
    store_watch("data/cmd", WATCH_COMMAND);
    store_watch(REQUEST_KEY, WATCH_SHUTDOWN);
}

static void end(unsigned int reason) {
    struct sched_shutdown shutdown = {.reason = reason};
    hypercall_op(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &shutdown);
}

/* A decent guest's kernel drops ports and grants by itself: those of the domain it was are gone. */
static void suspend(void) {
    bool was_open = channel_is_open();
    long result = platform_suspend();
    if (result == 0) {
        channel_abandon();
        lifecycle_connect();
        if (was_open && control_page_publish() == NULL)
            channel_open();
    }
    console_say("%s suspend: %s", result < 0 ? "ERR" : "OK",
                result == 0  ? "resumed in a new life"
                : result > 0 ? "cancelled"
                             : "refused");
}

void lifecycle_serve_request(void) {
    char request[32];
    if (!store_read(REQUEST_KEY, request, sizeof(request)) || request[0] == '\0')
        return;
    /* Empty again: the toolstack waits for that. */
    store_write(REQUEST_KEY, "");
    if (text_equal(request, "suspend")) {
        suspend();
    } else if (text_equal(request, "reboot")) {
        console_say("OK reboot: on request");
        end(SHUTDOWN_reboot);
    } else if (text_equal(request, "poweroff") || text_equal(request, "halt")) {
        console_say("OK shutdown: on request");
        end(SHUTDOWN_poweroff);
    } else {
        console_say("ERR %s: no such request of the toolstack", request);
    }
}

static const char *end_by_command(unsigned int reason) {
    console_say("OK the end");
    end(reason);
    return "Xen let it go on";
}

static const char *command_shutdown(const struct arguments *args) {
    (void)args;
    return end_by_command(SHUTDOWN_poweroff);
}

static const char *command_reboot(const struct arguments *args) {
    (void)args;
    return end_by_command(SHUTDOWN_reboot);
}

static const char *command_trap(const struct arguments *args) {
    (void)args;
    __asm__ volatile("ud2");
    return "the processor takes it";
}

static const char *command_crash(const struct arguments *args) {
    (void)args;
    return end_by_command(SHUTDOWN_crash);
}

/* In the middle of a line, whose bytes nobody is told of. */
static const char *command_die(const struct arguments *args) {
    static char words[MAX_LAST_WORDS];
    uint64_t size;
    if (!arguments_number(args, 0, &size) || size > MAX_LAST_WORDS)
        return g_bad_number;
    for (size_t i = 0; i < size; i++)
        words[i] = (char)('a' + i % 26);
    /* What was said before shall not take their room. */
    while (g_platform.console->out_cons != g_platform.console->out_prod)
        turn(FOR_EVER);
    console_put(words, (size_t)size);
    end(SHUTDOWN_crash);
    return "Xen let it go on";
}

const struct command g_lifecycle_commands[] = {
    {"shutdown", "", 0, 0, command_shutdown}, {"reboot", "", 0, 0, command_reboot},
    {"crash", "", 0, 0, command_crash},       {"trap", "", 0, 0, command_trap},
    {"die", "BYTES", 1, 1, command_die},      COMMANDS_END,
};
