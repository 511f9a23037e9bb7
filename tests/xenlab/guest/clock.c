#include "clock.h"

#include "platform.h"
#include "seeded.h"

static uint64_t s_nonces;

static uint64_t read_tsc(void) {
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* The formula of struct vcpu_time_info in xen.h; the version is odd while Xen writes it. */
uint64_t clock_now(void) {
    volatile struct vcpu_time_info *time = &g_platform.shared_info->vcpu_info[0].time;
    uint32_t version;
    uint64_t now;
    do {
        version = __atomic_load_n(&time->version, __ATOMIC_ACQUIRE);
        uint64_t ticks = read_tsc() - time->tsc_timestamp;
        int8_t shift = time->tsc_shift;
        ticks = shift >= 0 ? ticks << shift : ticks >> -shift;
        uint64_t mul = time->tsc_to_system_mul;
        now = time->system_time + ((ticks & UINT32_MAX) * mul >> 32) + (ticks >> 32) * mul;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while ((version & 1) != 0 || version != time->version);
    return now;
}

uint64_t clock_nonce(void) {
    uint64_t nonce;
    do
        nonce = seeded_word(read_tsc() ^ clock_now() << 20, s_nonces++);
    while (nonce == 0);
    return nonce;
}
