/* A command's words. */
#ifndef GUEST_ARGUMENTS_H
#define GUEST_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#define MAX_WORDS 8u

struct arguments {
    unsigned int count; /* without the command's own name */
    const char *word[MAX_WORDS];
};

/* Splits in place; words beyond the last one that fits are counted all the same. Returns the
 * command's name, or NULL for an empty line. */
const char *arguments_split(char *line, struct arguments *args);

/* False when there is no such word, or when it is no number. */
bool arguments_number(const struct arguments *args, unsigned int index, uint64_t *value);

/* The index of the word among count names, or count. */
unsigned int arguments_choice(const struct arguments *args, unsigned int index,
                              const char *const *names, unsigned int count);

#endif
