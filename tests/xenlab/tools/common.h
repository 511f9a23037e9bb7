/* What the lab's programs share: errors, a deadline, and bytes that a seed decides. */
#ifndef LAB_COMMON_H
#define LAB_COMMON_H

#include <stddef.h>
#include <stdint.h>

/* Says why and ends with 1. */
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Says how the program is used and ends with 2. */
void usage(const char *text) __attribute__((noreturn));

/* A whole decimal number up to max, or the end of the program. */
uint64_t number(const char *text, uint64_t max);

/* Milliseconds since an unspecified start; never goes back. */
int64_t now_ms(void);

/* Milliseconds until a deadline as poll() wants them: 0 when it has passed. */
int left_ms(int64_t deadline);

/* All bytes, or the end of the program. */
void write_all(int fd, const void *bytes, size_t count);

/* The bytes of a seed's stream from position on: byte n can be had without those before it. */
void seeded_bytes(uint64_t seed, uint64_t position, uint8_t *out, size_t count);

/* The same stream as text that no terminal changes: lines of 63 printable characters. */
void seeded_text(uint64_t seed, uint64_t position, uint8_t *out, size_t count);

typedef void seeded_fill(uint64_t seed, uint64_t position, uint8_t *out, size_t count);

/* Compares what comes with what a seed decides. */
struct seeded_check {
    const char *name;
    seeded_fill *fill;
    uint64_t seed;
    uint64_t length;
    uint64_t position;
};

/* Takes bytes; at the first that is wrong or too many it describes the difference and returns -1.
 */
int seeded_accept(struct seeded_check *check, const uint8_t *bytes, size_t count);

#endif
