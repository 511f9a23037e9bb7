/* The stream of bytes that a seed determines; any byte can be computed without those before it.
 *
 * Word w (8 bytes, little endian) of the stream of seed s is mix(s + w), where, modulo 2^64,
 *   mix(x): x *= 0x9E3779B97F4A7C15; x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
 *           x = (x ^ x >> 27) * 0x94D049BB133111EB; return x ^ x >> 31
 * tests/XcsSharp.TestKit/SeededStream.cs makes the same one. */
#ifndef GUEST_SEEDED_H
#define GUEST_SEEDED_H

#include <stddef.h>
#include <stdint.h>

uint64_t seeded_word(uint64_t seed, uint64_t word);
void seeded_fill(uint64_t seed, uint64_t position, void *to, size_t size);

/* How many of these bytes are those of the stream from a position on. */
size_t seeded_match(uint64_t seed, uint64_t position, const void *bytes, size_t size);

#endif
