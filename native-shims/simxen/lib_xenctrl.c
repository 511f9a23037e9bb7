/* The shim over libxenctrl, as simxen has it. */
#include <stdlib.h>

#include "../xenctrl/xcs_xenctrl.h"
#include "link.h"

struct xcs_xenctrl {
    struct link link;
};

EXPORT struct xcs_xenctrl *xcs_xenctrl_open(void) {
    struct xcs_xenctrl *handle = calloc(1, sizeof(*handle));
    if (handle != NULL && link_open(&handle->link, HANDLE_CONTROL, NULL) != 0) {
        free(handle);
        return NULL;
    }
    return handle;
}

EXPORT void xcs_xenctrl_close(struct xcs_xenctrl *handle) {
    if (handle != NULL) {
        link_close(&handle->link);
        free(handle);
    }
}

/* One packet holds some 1300; the loop hides that. */
EXPORT int32_t xcs_xenctrl_domain_list(struct xcs_xenctrl *handle, uint32_t first_domid,
                                       struct xcs_domain_info *out, uint32_t max) {
    uint32_t count = 0;
    while (count < max) {
        struct call call = {.request = {.op = OP_DOMAIN_LIST, .arg = {first_domid, max - count}},
                            .out = out + count,
                            .out_max = (size_t)(max - count) * sizeof(*out)};
        if (link_call(&handle->link, &call) != 0)
            return -1;
        uint32_t got = (uint32_t)(call.out_len / sizeof(*out));
        if (got == 0)
            break;
        count += got;
        first_domid = out[count - 1].domid + 1;
    }
    return (int32_t)count;
}

EXPORT int32_t xcs_xenctrl_domain_info(struct xcs_xenctrl *handle, uint32_t domid,
                                       struct xcs_domain_info *out) {
    struct call call = {.request = {.op = OP_DOMAIN_LIST, .arg = {domid, 1, 1}},
                        .out = out,
                        .out_max = sizeof(*out)};
    return link_call(&handle->link, &call);
}

EXPORT int32_t xcs_xenctrl_port_info(struct xcs_xenctrl *handle, uint32_t domid, uint32_t port,
                                     struct xcs_port_info *out) {
    struct reply reply;
    if (link_ask(&handle->link, OP_PORT_INFO, domid, port, &reply) != 0)
        return -1;
    *out = (struct xcs_port_info){
        .state = reply.value[0], .remote_domid = reply.value[1], .remote_port = reply.value[2]};
    return 0;
}

EXPORT int32_t xcs_xenctrl_read_log(struct xcs_xenctrl *handle, char *out, uint32_t max,
                                    uint32_t *index, uint32_t incremental) {
    struct call call = {.request = {.op = OP_LOG_READ, .arg = {max, *index, incremental}},
                        .out = out,
                        .out_max = max};
    if (link_call(&handle->link, &call) != 0)
        return -1;
    *index = call.reply.value[0];
    return (int32_t)call.out_len;
}
