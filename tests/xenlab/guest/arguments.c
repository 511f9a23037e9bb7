#include "arguments.h"

#include <stddef.h>

#include "text.h"

static char *next_word(char **rest) {
    char *word = *rest;
    while (*word == ' ')
        word++;
    char *end = word;
    while (*end != ' ' && *end != '\0')
        end++;
    *rest = *end == '\0' ? end : end + 1;
    *end = '\0';
    return *word != '\0' ? word : NULL;
}

const char *arguments_split(char *line, struct arguments *args) {
    const char *name = next_word(&line);
    const char *word;
    args->count = 0;
    while ((word = next_word(&line)) != NULL) {
        if (args->count < MAX_WORDS)
            args->word[args->count] = word;
        args->count++;
    }
    return name;
}

bool arguments_number(const struct arguments *args, unsigned int index, uint64_t *value) {
    return index < args->count && text_number(args->word[index], value);
}

unsigned int arguments_choice(const struct arguments *args, unsigned int index,
                              const char *const *names, unsigned int count) {
    unsigned int i = index < args->count ? 0 : count;
    while (i < count && !text_equal(args->word[index], names[i]))
        i++;
    return i;
}
