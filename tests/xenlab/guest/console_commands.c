/* Commands that use the console ring, and those that need neither ring. */
#include <stddef.h>

#include "clock.h"
#include "commands.h"
#include "console.h"
#include "events.h"
#include "seeded.h"
#include "text.h"
#include "turn.h"

#define CHUNK 512u
#define END_OF_INPUT 4 /* ^D */

static uint64_t smaller(uint64_t a, uint64_t b) { return a < b ? a : b; }

static const char *print(const struct arguments *args) {
    uint64_t size, seed;
    uint8_t chunk[CHUNK];
    if (!arguments_number(args, 0, &size) || !arguments_number(args, 1, &seed))
        return g_bad_number;
    for (uint64_t done = 0; done < size;) {
        size_t count = (size_t)smaller(CHUNK, size - done);
        seeded_fill(seed, done, chunk, count);
        console_write(chunk, count, FOR_EVER);
        done += count;
    }
    return NULL;
}

static const char *read(const struct arguments *args) {
    static char problem[64];
    uint64_t size, seed;
    uint8_t chunk[CHUNK];
    if (!arguments_number(args, 0, &size) || !arguments_number(args, 1, &seed))
        return g_bad_number;
    for (uint64_t done = 0; done < size;) {
        size_t count = console_wait_read(chunk, (size_t)smaller(CHUNK, size - done));
        size_t good = seeded_match(seed, done, chunk, count);
        done += good;
        if (good < count) {
            text_print(problem, sizeof(problem), "wrong at byte %llu", (unsigned long long)done);
            return problem;
        }
    }
    return NULL;
}

static const char *cat(const struct arguments *args) {
    uint64_t size = UINT64_MAX;
    uint8_t chunk[CHUNK];
    if (args->count > 0 && !arguments_number(args, 0, &size))
        return g_bad_number;
    for (uint64_t done = 0; done < size;) {
        size_t count = console_wait_read(chunk, (size_t)smaller(CHUNK, size - done));
        if (args->count == 0 && chunk[count - 1] == END_OF_INPUT)
            break;
        console_write(chunk, count, FOR_EVER);
        done += count;
    }
    return NULL;
}

static const char *say(const struct arguments *args) {
    for (unsigned int i = 0; i < args->count && i < MAX_WORDS; i++) {
        console_write(args->word[i], text_length(args->word[i]), FOR_EVER);
        console_write(i + 1 < args->count ? " " : "\r\n", i + 1 < args->count ? 1 : 2, FOR_EVER);
    }
    return NULL;
}

static const char *wait(const struct arguments *args) {
    uint64_t ms;
    if (!arguments_number(args, 0, &ms))
        return g_bad_number;
    turn_for_ms(ms);
    return NULL;
}

const struct command g_console_commands[] = {
    {"print", "BYTES SEED", 2, 2, print}, {"read", "BYTES SEED", 2, 2, read},
    {"cat", "[BYTES]", 0, 1, cat},        {"say", "WORD...", 1, MAX_WORDS, say},
    {"wait", "MILLISECONDS", 1, 1, wait}, COMMANDS_END,
};
