/* What the guest is told to do, and how it says what came of it. */
#ifndef GUEST_COMMANDS_H
#define GUEST_COMMANDS_H

#include <stdbool.h>

#include "arguments.h"

struct command {
    const char *name;
    const char *parameters;
    unsigned int min;
    unsigned int max;
    /* Returns NULL, or what went wrong. */
    const char *(*run)(const struct arguments *args);
};

#define COMMANDS_END                                                                               \
    { 0 }

extern const struct command g_channel_commands[];
extern const struct command g_console_commands[];
extern const struct command g_lifecycle_commands[];
extern const struct command g_misbehave_ring_commands[];
extern const struct command g_misbehave_store_commands[];

extern const char g_bad_number[];

/* Says more in the line that tells that the command went well. */
void commands_detail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Runs commands that are separated by semicolons, one after the other. */
void commands_run(const char *lines);

/* The same for the one in data/cmd, if there is one; removes it first. */
void commands_run_stored(void);

/* Runs the line that has been typed, if it is complete. */
bool commands_run_typed(void);

#endif
