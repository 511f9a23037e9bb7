#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "link.h"
#include "simxen.h"

struct xenevtchn_handle {
    struct link link;
    int fd; /* our FIFO: port numbers, four bytes each */
    uint32_t fifo;
    uint32_t nr_ports;
    _Atomic uint32_t *sent_to; /* by local port: whose FIFO we hold open on its behalf */
};

EXPORT xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger, unsigned int flags) {
    (void)logger;
    struct reply hello;
    struct xenevtchn_handle *xce = calloc(1, sizeof(*xce));
    if (xce == NULL)
        return NULL;
    if (link_open(&xce->link, HANDLE_EVTCHN, &hello) != 0) {
        free(xce);
        return NULL;
    }
    xce->fifo = hello.value[2];
    xce->nr_ports = ports_of(xce->link.domid);
    xce->sent_to = calloc(xce->nr_ports, sizeof(*xce->sent_to));
    char name[32];
    snprintf(name, sizeof(name), "evtchn-%u", xce->fifo);
    /* For writing too, so that it never reads as ended. Blocking, as /dev/xen/evtchn is. */
    int cloexec = flags & XENEVTCHN_NO_CLOEXEC ? 0 : O_CLOEXEC;
    xce->fd = openat(xce->link.view->dirfd, name, O_RDWR | cloexec);
    if (xce->fd < 0 || xce->sent_to == NULL) {
        int error = errno;
        if (xce->fd >= 0)
            close(xce->fd);
        link_close(&xce->link);
        free(xce->sent_to);
        free(xce);
        errno = error;
        return NULL;
    }
    /* Room for every port at once, even when pages are half read; and no more than that, because
     * the kernel limits what the pipes of one user may take. */
    fcntl(xce->fd, F_SETPIPE_SZ, xce->link.domid == 0 ? 128 * 1024 : 2 * 4096);
    return xce;
}

static void forget_receiver(struct xenevtchn_handle *xce, uint32_t port, uint32_t now) {
    uint32_t before = atomic_exchange(&xce->sent_to[port], now);
    if (before != 0 && before != now)
        evtchn_drop_writer(&xce->link.view->table, before);
}

EXPORT int xenevtchn_close(xenevtchn_handle *xce) {
    if (xce == NULL)
        return 0;
    link_close(&xce->link);
    for (uint32_t port = 0; port < xce->nr_ports; port++)
        if (atomic_load(&xce->sent_to[port]) != 0)
            forget_receiver(xce, port, 0);
    close(xce->fd);
    free(xce->sent_to);
    free(xce);
    return 0;
}

EXPORT int xenevtchn_fd(xenevtchn_handle *xce) { return xce->fd; }

static struct port_slot *own_slot(const xenevtchn_handle *xce, evtchn_port_t port, uint32_t *slot) {
    if (port == 0 || port >= xce->nr_ports)
        return NULL;
    *slot = slot_of(xce->link.domid, port);
    struct port_slot *own = &xce->link.view->table.slots[*slot];
    return atomic_load(&own->fifo) == xce->fifo ? own : NULL;
}

/* When the machine is gone, so is everybody who could be told. */
static void have_machine_deliver(xenevtchn_handle *xce, uint32_t slot) {
    (void)link_ask(&xce->link, OP_DELIVER, slot, 0, NULL);
}

EXPORT int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port) {
    uint32_t slot;
    struct port_slot *own = own_slot(xce, port, &slot);
    if (own == NULL) {
        errno = ENOTCONN;
        return -1;
    }
    /* Counted in shared memory: should we be killed on the way, the machine finishes the job. */
    atomic_fetch_add(&own->sending, 1);
    uint32_t peer = atomic_load(&own->peer);
    uint32_t fifo = peer == 0 ? 0 : evtchn_deliver(&xce->link.view->table, peer);
    if (fifo == EVTCHN_UNDELIVERED)
        have_machine_deliver(xce, peer);
    atomic_fetch_sub(&own->sending, 1);
    if (fifo != 0 && fifo != EVTCHN_UNDELIVERED && fifo != atomic_load(&xce->sent_to[port]))
        forget_receiver(xce, port, fifo);
    return 0;
}

EXPORT int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port) {
    uint32_t slot;
    /* As on Linux, a port that is not ours is passed over in silence. */
    if (own_slot(xce, port, &slot) != NULL &&
        evtchn_unmask(&xce->link.view->table, slot) == EVTCHN_UNDELIVERED)
        have_machine_deliver(xce, slot);
    return 0;
}

EXPORT xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce) {
    evtchn_port_t port;
    ssize_t n = read(xce->fd, &port, sizeof(port));
    return n == (ssize_t)sizeof(port) ? (xenevtchn_port_or_error_t)port : -1;
}

static int bind_port(xenevtchn_handle *xce, uint32_t op, uint32_t a, uint32_t b) {
    struct reply reply;
    return link_ask(&xce->link, op, a, b, &reply) == 0 ? (int)reply.value[0] : -1;
}

EXPORT xenevtchn_port_or_error_t xenevtchn_bind_unbound_port(xenevtchn_handle *xce,
                                                             uint32_t domid) {
    return bind_port(xce, OP_BIND_UNBOUND, domid, 0);
}

EXPORT xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *xce, uint32_t domid,
                                                            evtchn_port_t remote_port) {
    return bind_port(xce, OP_BIND_INTERDOMAIN, domid, remote_port);
}

EXPORT xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *xce, unsigned int virq) {
    return bind_port(xce, OP_BIND_VIRQ, virq, 0);
}

EXPORT int xenevtchn_unbind(xenevtchn_handle *xce, evtchn_port_t port) {
    if (link_ask(&xce->link, OP_UNBIND, port, 0, NULL) != 0)
        return -1;
    forget_receiver(xce, port, 0);
    return 0;
}

EXPORT int simxen_evtchn_claim(xenevtchn_handle *xce, evtchn_port_t port) {
    return bind_port(xce, OP_CLAIM, port, 0) < 0 ? -1 : 0;
}
