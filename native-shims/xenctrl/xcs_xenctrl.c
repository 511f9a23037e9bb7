/* xcs_xenctrl.h on Xen. Built against the libxenctrl of the host it will run on. */
#include "xcs_xenctrl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xenctrl.h>

#define EXPORT __attribute__((visibility("default")))
#define BATCH 256u

struct xcs_xenctrl {
    xc_interface *xc;
};

EXPORT struct xcs_xenctrl *xcs_xenctrl_open(void) {
    struct xcs_xenctrl *handle = calloc(1, sizeof(*handle));
    if (handle == NULL)
        return NULL;
    handle->xc = xc_interface_open(NULL, NULL, 0);
    if (handle->xc == NULL) {
        int error = errno;
        free(handle);
        errno = error;
        return NULL;
    }
    return handle;
}

EXPORT void xcs_xenctrl_close(struct xcs_xenctrl *handle) {
    if (handle != NULL) {
        xc_interface_close(handle->xc);
        free(handle);
    }
}

static uint32_t flags_of(uint32_t xen) {
    uint32_t flags = 0;
    if (xen & XEN_DOMINF_dying)
        flags |= XCS_DOMAIN_DYING;
    if (xen & XEN_DOMINF_shutdown)
        flags |= XCS_DOMAIN_SHUTDOWN;
    if (xen & XEN_DOMINF_paused)
        flags |= XCS_DOMAIN_PAUSED;
    /* A domain whose processors all wait for events is as alive as one that computes. */
    if (xen & (XEN_DOMINF_running | XEN_DOMINF_blocked))
        flags |= XCS_DOMAIN_RUNNING;
    if (xen & XEN_DOMINF_hvm_guest)
        flags |= XCS_DOMAIN_HVM;
    return flags;
}

static void copy_info(const xc_domaininfo_t *from, struct xcs_domain_info *to) {
    _Static_assert(sizeof(from->handle) == sizeof(to->uuid), "a domain's handle is its UUID");
    *to = (struct xcs_domain_info){
        .domid = from->domain,
        .flags = flags_of(from->flags),
        .shutdown_reason = from->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask,
        .shared_info_frame = from->shared_info_frame,
        .nr_pages = from->tot_pages,
    };
    memcpy(to->uuid, from->handle, sizeof(to->uuid));
}

EXPORT int32_t xcs_xenctrl_domain_list(struct xcs_xenctrl *handle, uint32_t first_domid,
                                       struct xcs_domain_info *out, uint32_t max) {
    xc_domaininfo_t *batch = malloc(BATCH * sizeof(*batch));
    if (batch == NULL)
        return -1;
    uint32_t count = 0;
    int got = 0;
    while (count < max && first_domid < DOMID_FIRST_RESERVED) {
        uint32_t want = max - count < BATCH ? max - count : BATCH;
        got = xc_domain_getinfolist(handle->xc, first_domid, want, batch);
        if (got <= 0)
            break;
        for (int i = 0; i < got; i++)
            copy_info(&batch[i], &out[count++]);
        first_domid = out[count - 1].domid + 1;
    }
    int error = errno;
    free(batch);
    errno = error;
    return got < 0 ? -1 : (int32_t)count;
}

EXPORT int32_t xcs_xenctrl_domain_info(struct xcs_xenctrl *handle, uint32_t domid,
                                       struct xcs_domain_info *out) {
    xc_domaininfo_t info;
    /* The list starts at the first domain that exists from this number on: it may be another. */
    int got = xc_domain_getinfolist(handle->xc, domid, 1, &info);
    if (got < 0)
        return -1;
    if (got == 0 || info.domain != domid) {
        errno = ESRCH;
        return -1;
    }
    copy_info(&info, out);
    return 0;
}

EXPORT int32_t xcs_xenctrl_port_info(struct xcs_xenctrl *handle, uint32_t domid, uint32_t port,
                                     struct xcs_port_info *out) {
    xc_evtchn_status_t status = {.dom = (domid_t)domid, .port = port};
    if (xc_evtchn_status(handle->xc, &status) != 0)
        return -1;
    *out = (struct xcs_port_info){.state = XCS_PORT_OTHER};
    switch (status.status) {
    case EVTCHNSTAT_closed:
        out->state = XCS_PORT_CLOSED;
        break;
    case EVTCHNSTAT_unbound:
        out->state = XCS_PORT_UNBOUND;
        out->remote_domid = status.u.unbound.dom;
        break;
    case EVTCHNSTAT_interdomain:
        out->state = XCS_PORT_INTERDOMAIN;
        out->remote_domid = status.u.interdomain.dom;
        out->remote_port = status.u.interdomain.port;
        break;
    }
    return 0;
}

EXPORT int32_t xcs_xenctrl_read_log(struct xcs_xenctrl *handle, char *out, uint32_t max,
                                    uint32_t *index, uint32_t incremental) {
    unsigned int count = max;
    if (xc_readconsolering(handle->xc, out, &count, 0, incremental != 0, index) != 0)
        return -1;
    return (int32_t)count;
}
