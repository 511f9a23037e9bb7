#include "traps.h"

#include <stdint.h>

#include <xen/xen.h>

#include <xen/sched.h>

#include "console.h"
#include "hypercall.h"

#define EXCEPTIONS 32
#define ENTRY_SIZE 16
#define CODE 0x08
#define PRESENT_INTERRUPT_GATE 0x8e00u

/* As the entries leave it on the stack. */
struct trap {
    uint32_t vector, error, eip, cs, eflags;
};

struct table {
    uint16_t limit;
    uint32_t address;
} __attribute__((packed));

struct gate {
    uint16_t low, selector, type, high;
};

extern const char traps_entries[];
void traps_load(const struct table *gdt, const struct table *idt);
void traps_report(const struct trap *trap);

/* Flat, as Xen has set the registers up: nothing, code, data. */
static const uint64_t s_segments[] = {0, 0x00cf9a000000ffff, 0x00cf92000000ffff};
static struct gate s_gates[EXCEPTIONS];

void traps_init(void) {
    for (unsigned int i = 0; i < EXCEPTIONS; i++) {
        uint32_t entry = (uint32_t)(uintptr_t)traps_entries + i * ENTRY_SIZE;
        s_gates[i] =
            (struct gate){(uint16_t)entry, CODE, PRESENT_INTERRUPT_GATE, (uint16_t)(entry >> 16)};
    }
    struct table gdt = {sizeof(s_segments) - 1, (uint32_t)(uintptr_t)s_segments};
    struct table idt = {sizeof(s_gates) - 1, (uint32_t)(uintptr_t)s_gates};
    traps_load(&gdt, &idt);
}

void traps_report(const struct trap *trap) {
    static unsigned int s_reports;
    if (s_reports++ == 0)
        console_say("ERR trap: vector %u error %x at %x, eflags %x", trap->vector, trap->error,
                    trap->eip, trap->eflags);
    struct sched_shutdown shutdown = {.reason = SHUTDOWN_crash};
    hypercall_op(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &shutdown);
}
