#include "seeded.h"

uint64_t seeded_word(uint64_t seed, uint64_t word) {
    uint64_t x = (seed + word) * 0x9E3779B97F4A7C15ull;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ x >> 27) * 0x94D049BB133111EBull;
    return x ^ x >> 31;
}

static uint8_t byte_at(uint64_t seed, uint64_t position) {
    return (uint8_t)(seeded_word(seed, position >> 3) >> (unsigned int)(position & 7) * 8);
}

void seeded_fill(uint64_t seed, uint64_t position, void *to, size_t size) {
    uint8_t *bytes = to;
    for (size_t i = 0; i < size; i++)
        bytes[i] = byte_at(seed, position + i);
}

size_t seeded_match(uint64_t seed, uint64_t position, const void *bytes, size_t size) {
    const uint8_t *given = bytes;
    size_t i = 0;
    while (i < size && given[i] == byte_at(seed, position + i))
        i++;
    return i;
}
