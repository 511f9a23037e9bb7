/*
 * Preloaded into xl: the next domain gets the id in FORCE_DOMID. Xen gives out rising ids, and xl
 * has no setting for one; in the life of a machine they come again all the same.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

struct xc_interface_core;
struct xen_domctl_createdomain;

typedef int domain_create(struct xc_interface_core *xch, uint32_t *domid,
                          struct xen_domctl_createdomain *config);

domain_create xc_domain_create;

int xc_domain_create(struct xc_interface_core *xch, uint32_t *domid,
                     struct xen_domctl_createdomain *config) {
    domain_create *real = (domain_create *)dlsym(RTLD_NEXT, "xc_domain_create");
    const char *wanted = getenv("FORCE_DOMID");
    if (wanted != NULL)
        *domid = (uint32_t)strtoul(wanted, NULL, 10);
    return real(xch, domid, config);
}
