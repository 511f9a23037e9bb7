/* A guest for tests: README.md says what it can be told to do. */
#include <stdbool.h>
#include <stddef.h>

#include "clock.h"
#include "commands.h"
#include "console.h"
#include "events.h"
#include "lifecycle.h"
#include "platform.h"
#include "store.h"
#include "text.h"
#include "turn.h"

#define MAX_COMMAND_LINE 1024

void guest_main(void *boot);

/* One thing that is to be done now; false when there is nothing. */
static bool work(void) {
    static unsigned int s_fired;
    store_serve();
    s_fired |= store_take_fired();
    if (s_fired & 1u << WATCH_SHUTDOWN) {
        s_fired &= ~(1u << WATCH_SHUTDOWN);
        lifecycle_serve_request();
        return true;
    }
    if (s_fired & 1u << WATCH_COMMAND) {
        s_fired &= ~(1u << WATCH_COMMAND);
        commands_run_stored();
        return true;
    }
    return commands_run_typed();
}

static bool starts_with(const char *text, const char *start) {
    while (*start != '\0' && *text == *start) {
        text++;
        start++;
    }
    return *start == '\0';
}

void guest_main(void *boot) {
    static char commands[MAX_COMMAND_LINE];
    platform_init(boot);
    lifecycle_connect();
    console_say("OK boot: %s", g_platform.kind);
    text_copy(commands, sizeof(commands), g_platform.command_line);
    if (starts_with(commands, "bare"))
        commands_run(commands + text_length("bare"));
    else {
        commands_run("publish");
        commands_run(commands);
    }
    for (;;)
        if (!work())
            turn(FOR_EVER);
}
