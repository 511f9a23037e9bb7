/* The front end of the console ring that the toolstack set up. */
#ifndef GUEST_CONSOLE_H
#define GUEST_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Takes the indexes from the ring. */
void console_init(void);

/* Waits for room until a moment of the system time (FOR_EVER: as long as it takes). Returns how
 * much was put. */
size_t console_write(const void *bytes, size_t size, uint64_t until);

/* Puts what there is room for, without telling anybody. */
size_t console_put(const void *bytes, size_t size);

/* A line that starts with "@@ ". It is dropped when nobody makes room for it within two seconds. */
void console_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Takes what was typed. */
size_t console_read(void *bytes, size_t size);

/* Waits for input first. */
size_t console_wait_read(void *bytes, size_t size);

/* Puts the indexes that are ours right again after a lie. */
void console_restore(void);

#endif
