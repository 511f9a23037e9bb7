#include "grants.h"

#include "platform.h"

static uint16_t *flags_of(grant_ref_t reference) { return &g_platform.grants[reference].flags; }

void grants_allow(grant_ref_t reference, void *page) {
    g_platform.grants[reference].domid = 0;
    g_platform.grants[reference].frame = (uint32_t)platform_frame(page);
    /* Xen may look as soon as the flags say so. */
    __atomic_store_n(flags_of(reference), GTF_permit_access, __ATOMIC_RELEASE);
}

bool grants_end(grant_ref_t reference) {
    uint16_t unmapped = GTF_permit_access;
    return __atomic_compare_exchange_n(flags_of(reference), &unmapped, 0, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

void grants_revoke(grant_ref_t reference) {
    __atomic_store_n(flags_of(reference), 0, __ATOMIC_SEQ_CST);
}

bool grants_is_free(grant_ref_t reference) {
    return __atomic_load_n(flags_of(reference), __ATOMIC_ACQUIRE) == 0;
}
