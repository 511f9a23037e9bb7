/* simxen's own functions: each opens a connection, asks once, and closes it. */
#include <errno.h>
#include <string.h>

#include "link.h"
#include "simxen.h"

EXPORT int simxen_domain_create(const struct simxen_domain_config *config, uint32_t *domid) {
    struct call call = {.request = {.op = OP_DOMAIN_CREATE,
                                    .arg = {config->domid, config->nr_pages, config->flags}},
                        .in = config->name,
                        .in_len = strnlen(config->name, sizeof(config->name))};
    if (link_once(&call) != 0)
        return -1;
    *domid = call.reply.value[0];
    return 0;
}

static int ask_once(uint32_t op, uint32_t a, uint32_t b) {
    struct call call = {.request = {.op = op, .arg = {a, b}}};
    return link_once(&call);
}

EXPORT int simxen_domain_destroy(uint32_t domid) { return ask_once(OP_DOMAIN_DESTROY, domid, 0); }

EXPORT int simxen_domain_shutdown(uint32_t domid, uint32_t reason) {
    return ask_once(OP_DOMAIN_SHUTDOWN, domid, reason);
}

EXPORT int simxen_virq_raise(uint32_t domid, uint32_t virq) {
    return ask_once(OP_VIRQ, domid, virq);
}

EXPORT int simxen_log(const char *text, size_t len) {
    struct call call = {.request = {.op = OP_LOG_APPEND}, .in = text, .in_len = len};
    return link_once(&call);
}

EXPORT int simxen_fault_set(const struct simxen_fault *fault, uint32_t *id) {
    struct call call = {.request = {.op = OP_FAULT_SET}, .in = fault, .in_len = sizeof(*fault)};
    if (link_once(&call) != 0)
        return -1;
    if (id != NULL)
        *id = call.reply.value[0];
    return 0;
}

EXPORT int simxen_fault_clear(uint32_t id) { return ask_once(OP_FAULT_CLEAR, id, 0); }

EXPORT int simxen_fault_list(struct simxen_fault *out, uint32_t max) {
    struct call call = {
        .request = {.op = OP_FAULT_LIST, .arg = {max}}, .out = out, .out_max = max * sizeof(*out)};
    return link_once(&call) == 0 ? (int)(call.out_len / sizeof(*out)) : -1;
}

EXPORT int simxen_show(uint32_t op, uint32_t domid, uint32_t *next, char *text, uint32_t max) {
    struct call call = {
        .request = {.op = op, .arg = {domid, *next}}, .out = text, .out_max = max - 1};
    if (link_once(&call) != 0)
        return -1;
    text[call.out_len] = '\0';
    *next = call.reply.value[0];
    return 0;
}
