/* Hypercalls through the page that Xen fills in (boot_*.S). Results are 0 or positive, or -errno.
 */
#ifndef GUEST_HYPERCALL_H
#define GUEST_HYPERCALL_H

#include <stdint.h>

#include <xen/xen.h>

#define HYPERCALL_STRIDE 32

extern char hypercall_page[];

static inline long hypercall(unsigned int number, unsigned long a, unsigned long b,
                             unsigned long c) {
    void *entry = hypercall_page + number * HYPERCALL_STRIDE;
    long result;
#ifdef __x86_64__
    __asm__ volatile("call *%[entry]"
                     : "=a"(result), "+D"(a), "+S"(b), "+d"(c)
                     : [entry] "r"(entry)
                     : "memory", "rcx", "r8", "r9", "r10", "r11");
#else
    __asm__ volatile("call *%[entry]"
                     : "=a"(result), "+b"(a), "+c"(b), "+d"(c)
                     : [entry] "r"(entry)
                     : "memory");
#endif
    return result;
}

/* The many that take a number and the address of a struct. */
static inline long hypercall_op(unsigned int number, unsigned int op, void *argument) {
    return hypercall(number, op, (unsigned long)argument, 0);
}

#endif
