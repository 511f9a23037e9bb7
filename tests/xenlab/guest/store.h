/* xenstore over the ring that the toolstack set up. Keys are relative to the domain's own
 * directory. One request at a time; watch events that come in between are kept as bits. */
#ifndef GUEST_STORE_H
#define GUEST_STORE_H

#include <stdbool.h>
#include <stddef.h>

/* Forgets the watches: after a restore there are none. */
void store_init(void);

/* Terminated, and cut to the size. False when there is no such key. */
bool store_read(const char *key, char *value, size_t size);
bool store_write(const char *key, const char *value);
bool store_print(const char *key, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool store_remove(const char *key);

/* From now on bit of store_take_fired is set when the key, or one below, changes; once at once. */
bool store_watch(const char *key, unsigned int bit);

/* Reads the watch events that have come. */
void store_serve(void);

/* The bits since the last call. */
unsigned int store_take_fired(void);

#endif
