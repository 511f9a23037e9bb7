#include "text.h"

#define MAX_DIGITS 20

void *memcpy(void *to, const void *from, size_t size) {
    void *end = to;
    __asm__ volatile("rep movsb" : "+D"(end), "+S"(from), "+c"(size)::"memory");
    return to;
}

void *memset(void *to, int byte, size_t size) {
    void *end = to;
    __asm__ volatile("rep stosb" : "+D"(end), "+c"(size) : "a"(byte) : "memory");
    return to;
}

size_t text_length(const char *text) {
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    return length;
}

bool text_equal(const char *a, const char *b) {
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

void text_copy(char *to, size_t size, const char *from) {
    size_t length = text_length(from);
    if (length >= size)
        length = size - 1;
    memcpy(to, from, length);
    to[length] = '\0';
}

/* Divides in place and returns the remainder. By hand, because a 64-bit division on a 32-bit
 * processor is a function of a library that is not linked. */
static unsigned int divide(uint64_t *value, unsigned int divisor) {
    uint64_t quotient = 0;
    unsigned int remainder = 0;
    for (int bit = 63; bit >= 0; bit--) {
        remainder = remainder << 1 | (unsigned int)(*value >> bit & 1);
        quotient <<= 1;
        if (remainder >= divisor) {
            remainder -= divisor;
            quotient |= 1;
        }
    }
    *value = quotient;
    return remainder;
}

struct output {
    char *to;
    size_t size;
    size_t used;
};

static void put(struct output *out, char c) {
    if (out->used + 1 < out->size)
        out->to[out->used++] = c;
}

static void put_text(struct output *out, const char *text) {
    while (*text != '\0')
        put(out, *text++);
}

static void put_number(struct output *out, uint64_t value, unsigned int base) {
    char digits[MAX_DIGITS + 1];
    int at = MAX_DIGITS;
    digits[at] = '\0';
    do
        digits[--at] = "0123456789abcdef"[divide(&value, base)];
    while (value != 0);
    put_text(out, digits + at);
}

size_t text_format(char *to, size_t size, const char *format, va_list args) {
    struct output out = {to, size, 0};
    for (; *format != '\0'; format++) {
        if (*format != '%') {
            put(&out, *format);
            continue;
        }
        bool wide = format[1] == 'l' && format[2] == 'l';
        format += wide ? 3 : 1;
        if (*format == 's')
            put_text(&out, va_arg(args, const char *));
        else if (*format == 'c')
            put(&out, (char)va_arg(args, int));
        else
            put_number(&out, wide ? va_arg(args, unsigned long long) : va_arg(args, unsigned int),
                       *format == 'x' ? 16 : 10);
    }
    to[out.used] = '\0';
    return out.used;
}

size_t text_print(char *to, size_t size, const char *format, ...) {
    va_list args;
    va_start(args, format);
    size_t length = text_format(to, size, format, args);
    va_end(args);
    return length;
}

static unsigned int digit_of(char c) {
    if (c >= '0' && c <= '9')
        return (unsigned int)(c - '0');
    return c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a') + 10 : ~0u;
}

bool text_number(const char *text, uint64_t *value) {
    bool negative = *text == '-';
    if (*text == '-' || *text == '+')
        text++;
    unsigned int base = 10;
    if (text[0] == '0' && text[1] == 'x') {
        base = 16;
        text += 2;
    }
    if (*text == '\0')
        return false;
    *value = 0;
    for (; *text != '\0'; text++) {
        unsigned int digit = digit_of(*text);
        if (digit >= base)
            return false;
        *value = *value * base + digit;
    }
    if (negative)
        *value = -*value;
    return true;
}
