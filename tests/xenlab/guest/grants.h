/* Pages that domain 0 may map. */
#ifndef GUEST_GRANTS_H
#define GUEST_GRANTS_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>

#include <xen/grant_table.h>

/* Grants the page, read and write. The reference must be free: while an older grant of it is still
 * mapped, Xen would go on giving out that one's frame. */
void grants_allow(grant_ref_t reference, void *page);

/* Ends the grant as a decent kernel does: not while somebody has it mapped. */
bool grants_end(grant_ref_t reference);

/* Ends it all the same. The mapping stays; the reference is not to be used again. */
void grants_revoke(grant_ref_t reference);

bool grants_is_free(grant_ref_t reference);

#endif
