/* The few functions of a C library that the guest needs. */
#ifndef GUEST_TEXT_H
#define GUEST_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The compiler itself calls these two. */
void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);

size_t text_length(const char *text);
bool text_equal(const char *a, const char *b);
void text_copy(char *to, size_t size, const char *from);

/* %s %c %u %llu %x %llx, no widths. Always terminated; returns what is there, without the end. */
size_t text_format(char *to, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
size_t text_print(char *to, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Decimal, or hexadecimal after 0x; a sign before it makes the two's complement. */
bool text_number(const char *text, uint64_t *value);

#endif
