/* The few facts that only libxenctrl knows, behind a fixed binary interface.
 *
 * libxenctrl changes its ABI with every Xen release, so the daemon never calls it. On Xen this
 * interface is built against the libxenctrl of the host; on simxen libsimxen.so exports it. Types
 * are of fixed width so that one managed declaration fits both. */
#ifndef XCS_XENCTRL_H
#define XCS_XENCTRL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define XCS_DOMAIN_DYING 1u
#define XCS_DOMAIN_SHUTDOWN 2u
#define XCS_DOMAIN_PAUSED 4u
#define XCS_DOMAIN_RUNNING 8u /* computes, or waits for an event */
#define XCS_DOMAIN_HVM 16u

/* 48 bytes, no implicit padding. */
struct xcs_domain_info {
    uint32_t domid;
    uint32_t flags;
    uint32_t shutdown_reason; /* meaningful with XCS_DOMAIN_SHUTDOWN only */
    uint32_t reserved;
    uint64_t shared_info_frame;
    uint64_t nr_pages;
    uint8_t uuid[16];
};

#define XCS_PORT_CLOSED 0u
#define XCS_PORT_UNBOUND 1u     /* remote_domid may bind it */
#define XCS_PORT_INTERDOMAIN 2u /* connected to remote_port of remote_domid */
#define XCS_PORT_OTHER 3u       /* a virtual or physical interrupt, or an IPI */

/* 16 bytes, no implicit padding. */
struct xcs_port_info {
    uint32_t state;
    uint32_t remote_domid;
    uint32_t remote_port;
    uint32_t reserved;
};

#ifndef __cplusplus
_Static_assert(sizeof(struct xcs_domain_info) == 48, "mirrored by the daemon");
_Static_assert(sizeof(struct xcs_port_info) == 16, "mirrored by the daemon");
#endif

struct xcs_xenctrl;

/* NULL and errno on failure. */
struct xcs_xenctrl *xcs_xenctrl_open(void);
void xcs_xenctrl_close(struct xcs_xenctrl *handle);

/* Domains from first_domid on, ascending, domain 0 included. Returns how many were written, or
 * -1 and errno. A full array means there may be more: ask again from the last domid plus one. */
int32_t xcs_xenctrl_domain_list(struct xcs_xenctrl *handle, uint32_t first_domid,
                                struct xcs_domain_info *out, uint32_t max);

/* 0, or -1 and errno (ESRCH: no such domain). */
int32_t xcs_xenctrl_domain_info(struct xcs_xenctrl *handle, uint32_t domid,
                                struct xcs_domain_info *out);

/* What an event channel of a domain is connected to. 0, or -1 and errno (ESRCH: no such domain,
 * EINVAL: no such port). */
int32_t xcs_xenctrl_port_info(struct xcs_xenctrl *handle, uint32_t domid, uint32_t port,
                              struct xcs_port_info *out);

/* Copies a part of the hypervisor's own log. With incremental from *index on, otherwise, or if that
 * has been written over, from the oldest byte that is kept. Returns how many bytes were copied, 0
 * at the end, or -1 and errno; *index becomes the number of the byte after the last one copied, so
 * *index less the returned count is where the copy began. Nothing is removed from the log. */
int32_t xcs_xenctrl_read_log(struct xcs_xenctrl *handle, char *out, uint32_t max, uint32_t *index,
                             uint32_t incremental);

#ifdef __cplusplus
}
#endif
#endif
