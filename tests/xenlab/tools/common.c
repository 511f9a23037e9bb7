#include "common.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 64, PROBE = 16, SEARCH = 1 << 20 };

void die(const char *format, ...) {
    va_list arguments;
    fflush(stdout);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

void usage(const char *text) {
    fputs(text, stderr);
    exit(2);
}

uint64_t number(const char *text, uint64_t max) {
    char *end;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || *text == '-' || value > max)
        die("'%s' is no number from 0 to %llu", text, (unsigned long long)max);
    return value;
}

int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int left_ms(int64_t deadline) {
    int64_t left = deadline - now_ms();
    return left < 0 ? 0 : (int)left;
}

void write_all(int fd, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    while (count > 0) {
        ssize_t written = write(fd, next, count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            die("write: %s", strerror(errno));
        next += written;
        count -= (size_t)written;
    }
}

/* The finisher of splitmix64 over a multiplied counter, as XcsSharp.TestKit's SeededStream has it.
 */
static uint64_t mix(uint64_t value) {
    value *= 0x9E3779B97F4A7C15u;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
    return value ^ (value >> 31);
}

void seeded_bytes(uint64_t seed, uint64_t position, uint8_t *out, size_t count) {
    for (size_t i = 0; i < count; i++, position++)
        out[i] = (uint8_t)(mix(seed + (position >> 3)) >> 8 * (position & 7));
}

void seeded_text(uint64_t seed, uint64_t position, uint8_t *out, size_t count) {
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-";
    seeded_bytes(seed, position, out, count);
    for (size_t i = 0; i < count; i++, position++)
        out[i] = position % LINE == LINE - 1 ? '\n' : (uint8_t)letters[out[i] & 63];
}

/* Lost, repeated or neither: whoever has to find the cause starts from that. */
static void describe(const struct seeded_check *check, const uint8_t *got, size_t count) {
    static uint8_t around[SEARCH];
    fprintf(stderr, "%s: first difference at byte %llu of %llu (seed %llu): got %02x", check->name,
            (unsigned long long)check->position, (unsigned long long)check->length,
            (unsigned long long)check->seed, got[0]);
    if (count >= PROBE) {
        check->fill(check->seed, check->position, around, SEARCH);
        uint8_t *ahead = memmem(around, SEARCH, got, PROBE);
        if (ahead != NULL) {
            fprintf(stderr, "; %zu bytes were lost\n", (size_t)(ahead - around));
            return;
        }
        uint64_t from = check->position > SEARCH ? check->position - SEARCH : 0;
        size_t before = (size_t)(check->position - from);
        check->fill(check->seed, from, around, before);
        uint8_t *behind = memmem(around, before, got, PROBE);
        if (behind != NULL) {
            fprintf(stderr, "; the bytes from %llu came again\n",
                    (unsigned long long)(from + (uint64_t)(behind - around)));
            return;
        }
    }
    fprintf(stderr, "; not from near there. It goes on: %.*s\n", (int)(count < 200 ? count : 200),
            (const char *)got);
}

int seeded_accept(struct seeded_check *check, const uint8_t *bytes, size_t count) {
    uint8_t expected[4096];
    while (count > 0) {
        size_t piece = count < sizeof(expected) ? count : sizeof(expected);
        check->fill(check->seed, check->position, expected, piece);
        size_t same = 0;
        while (same < piece && check->position < check->length && bytes[same] == expected[same]) {
            same++;
            check->position++;
        }
        if (same < piece) {
            if (check->position == check->length)
                fprintf(stderr, "%s: more than the %llu bytes that were sent\n", check->name,
                        (unsigned long long)check->length);
            else
                describe(check, bytes + same, count - same);
            return -1;
        }
        bytes += piece;
        count -= piece;
    }
    return 0;
}
