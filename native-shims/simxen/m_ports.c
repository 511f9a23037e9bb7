/* Event channels: what the machine alone may change. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "machine.h"

static struct port_slot *shared(const struct domain *domain, uint32_t port) {
    return &g_machine.table.slots[slot_of(domain->domid, port)];
}

/* Resets the shared side. Masked until somebody can receive. */
static void reset(const struct domain *domain, uint32_t port, uint32_t fifo) {
    struct port_slot *slot = shared(domain, port);
    atomic_store(&slot->fifo, 0);
    atomic_store(&slot->peer, 0);
    atomic_store(&slot->sending, 0);
    atomic_store(&slot->flags, PORT_MASKED);
    if (fifo != 0) {
        atomic_store(&slot->fifo, fifo);
        atomic_store(&slot->flags, 0);
    }
}

/* The lowest free port, as Xen does: a program that starts again gets the same numbers. */
static int find_free(const struct domain *domain, uint32_t *port) {
    for (uint32_t i = 1; i < ports_of(domain->domid); i++)
        if (domain->ports[i].state == PORT_FREE) {
            *port = i;
            return 0;
        }
    return ENOSPC;
}

static void take(struct domain *domain, uint32_t port, enum port_state state,
                 struct connection *owner, uint32_t remote_domid, uint32_t remote_port) {
    domain->ports[port] = (struct port){
        .state = state, .owner = owner, .remote_domid = remote_domid, .remote_port = remote_port};
    if (port >= domain->ports_used)
        domain->ports_used = port + 1;
    reset(domain, port, owner == NULL ? 0 : owner->fifo);
}

int port_alloc_fixed(struct domain *domain, uint32_t port, uint32_t remote_domid) {
    take(domain, port, PORT_UNBOUND, NULL, remote_domid, 0);
    domain->ports[port].fixed = true;
    return 0;
}

static int bind_fault(uint32_t domid, uint32_t self) {
    int error = fault_strikes(SIMXEN_FAULT_BIND, domid);
    return error != 0 || domid == self ? error : fault_strikes(SIMXEN_FAULT_BIND, self);
}

int op_bind_unbound(struct exchange *x) {
    uint32_t remote = x->arg[0] == DOMID_SELF ? x->domain->domid : x->arg[0];
    uint32_t port;
    int error = bind_fault(remote, x->domain->domid);
    if (error == 0 && remote >= DOMID_LIMIT)
        error = EINVAL;
    if (error == 0)
        error = find_free(x->domain, &port);
    if (error != 0)
        return error;
    take(x->domain, port, PORT_UNBOUND, x->from, remote, 0);
    x->value[0] = port;
    return 0;
}

int op_bind_interdomain(struct exchange *x) {
    struct domain *self = x->domain, *remote = domain_named(x->arg[0], self);
    uint32_t far = x->arg[1], port;
    if (remote == NULL || remote->flags & XCS_DOMAIN_DYING)
        return ESRCH;
    int error = bind_fault(remote->domid, self->domid);
    if (error != 0)
        return error;
    if (far == 0 || far >= ports_of(remote->domid) || remote->ports[far].state != PORT_UNBOUND ||
        remote->ports[far].remote_domid != self->domid)
        return EINVAL;
    if ((error = find_free(self, &port)) != 0)
        return error;
    take(self, port, PORT_INTERDOMAIN, x->from, remote->domid, far);
    remote->ports[far].state = PORT_INTERDOMAIN;
    remote->ports[far].remote_port = port;
    atomic_store(&shared(self, port)->peer, slot_of(remote->domid, far));
    atomic_store(&shared(remote, far)->peer, slot_of(self->domid, port));
    /* As Xen: the other end may have notified before we were bound, so look once. */
    evtchn_deliver(&g_machine.table, slot_of(self->domid, port));
    x->value[0] = port;
    return 0;
}

int op_bind_virq(struct exchange *x) {
    uint32_t port;
    for (uint32_t i = 1; i < x->domain->ports_used; i++)
        if (x->domain->ports[i].state == PORT_VIRQ && x->domain->ports[i].remote_domid == x->arg[0])
            return EEXIST;
    int error = find_free(x->domain, &port);
    if (error != 0)
        return error;
    take(x->domain, port, PORT_VIRQ, x->from, x->arg[0], 0);
    x->value[0] = port;
    return 0;
}

int op_claim(struct exchange *x) {
    uint32_t port = x->arg[0];
    if (port == 0 || port >= x->domain->ports_used || !x->domain->ports[port].fixed)
        return EINVAL;
    if (x->domain->ports[port].owner != NULL)
        return EBUSY;
    struct port_slot *slot = shared(x->domain, port);
    x->domain->ports[port].owner = x->from;
    atomic_store(&slot->fifo, x->from->fifo);
    /* What came before there was anybody to see it arrives now. */
    evtchn_unmask(&g_machine.table, slot_of(x->domain->domid, port));
    x->value[0] = port;
    return 0;
}

/* The other end becomes unbound, for the domain that closed: it may be bound again. */
static void disconnect(const struct domain *domain, uint32_t port) {
    const struct port *near = &domain->ports[port];
    /* Of the other states that number is the client's, and any. */
    struct domain *remote =
        near->state == PORT_INTERDOMAIN ? g_machine.domains[near->remote_domid] : NULL;
    if (remote == NULL)
        return;
    struct port *far = &remote->ports[near->remote_port];
    far->state = PORT_UNBOUND;
    far->remote_port = 0;
    atomic_store(&shared(remote, near->remote_port)->peer, 0);
}

static void close_port(struct domain *domain, uint32_t port) {
    grants_port_closing(slot_of(domain->domid, port));
    disconnect(domain, port);
    domain->ports[port] = (struct port){.state = PORT_FREE};
    reset(domain, port, 0);
}

/* The guest's kernel keeps the port and stays connected; only the program in it went. */
static void return_to_kernel(struct domain *domain, uint32_t port) {
    struct port_slot *slot = shared(domain, port);
    domain->ports[port].owner = NULL;
    atomic_store(&slot->fifo, 0);
    atomic_store(&slot->sending, 0);
    /* Events in the FIFO that went with it are lost: have the next program look once. */
    atomic_store(&slot->flags, PORT_MASKED | PORT_PENDING);
}

int op_unbind(struct exchange *x) {
    uint32_t port = x->arg[0];
    if (port >= ports_of(x->domain->domid))
        return EINVAL;
    if (x->domain->ports[port].owner != x->from || x->domain->ports[port].state == PORT_FREE)
        return ENOTCONN;
    if (x->domain->ports[port].fixed)
        return_to_kernel(x->domain, port);
    else
        close_port(x->domain, port);
    return 0;
}

void ports_release_connection(struct connection *connection) {
    struct domain *domain = connection->domain;
    if (domain == NULL)
        return;
    for (uint32_t i = 1; i < domain->ports_used; i++) {
        if (domain->ports[i].owner != connection)
            continue;
        /* Killed in the middle of a notify: the event may sit between two steps. */
        uint32_t peer = atomic_load(&shared(domain, i)->peer);
        if (peer != 0 && atomic_load(&shared(domain, i)->sending) != 0)
            evtchn_recover(&g_machine.table, peer);
        if (domain->ports[i].fixed)
            return_to_kernel(domain, i);
        else
            close_port(domain, i);
    }
}

void ports_close_domain(struct domain *domain) {
    for (uint32_t i = 1; i < domain->ports_used; i++)
        if (domain->ports[i].state != PORT_FREE) {
            uint32_t peer = atomic_load(&shared(domain, i)->peer);
            if (peer != 0 && atomic_load(&shared(domain, i)->sending) != 0)
                evtchn_recover(&g_machine.table, peer);
            close_port(domain, i);
        }
}

int virq_raise(const struct domain *domain, uint32_t virq) {
    if (domain == NULL)
        return ESRCH;
    for (uint32_t i = 1; i < domain->ports_used; i++)
        if (domain->ports[i].state == PORT_VIRQ && domain->ports[i].remote_domid == virq) {
            evtchn_deliver(&g_machine.table, slot_of(domain->domid, i));
            return 0;
        }
    return ENOENT;
}

int op_virq(struct exchange *x) {
    return virq_raise(domain_named(x->arg[0], x->domain), x->arg[1]);
}

/* The event is still with the port. Anybody may have it delivered once more: an owner bears that.
 */
int op_deliver(struct exchange *x) {
    if (x->arg[0] == 0 || x->arg[0] >= slot_of(DOMID_LIMIT, 0))
        return EINVAL;
    evtchn_unmask(&g_machine.table, x->arg[0]);
    return 0;
}

int op_port_info(struct exchange *x) {
    const struct domain *domain = domain_named(x->arg[0], x->domain);
    if (domain == NULL)
        return ESRCH;
    if (x->arg[1] == 0 || x->arg[1] >= ports_of(domain->domid))
        return EINVAL;
    const struct port *port = &domain->ports[x->arg[1]];
    static const uint32_t states[] = {
        [PORT_FREE] = XCS_PORT_CLOSED,
        [PORT_UNBOUND] = XCS_PORT_UNBOUND,
        [PORT_INTERDOMAIN] = XCS_PORT_INTERDOMAIN,
        [PORT_VIRQ] = XCS_PORT_OTHER,
    };
    bool remote = port->state == PORT_UNBOUND || port->state == PORT_INTERDOMAIN;
    x->value[0] = states[port->state];
    x->value[1] = remote ? port->remote_domid : 0;
    x->value[2] = port->state == PORT_INTERDOMAIN ? port->remote_port : 0;
    return 0;
}

int op_show_ports(struct exchange *x) {
    static const char *const states[] = {"free", "unbound", "interdomain", "virq"};
    struct domain *domain = domain_named(x->arg[0], x->domain);
    if (domain == NULL)
        return ESRCH;
    uint32_t i = x->arg[1] == 0 ? 1 : x->arg[1];
    for (; i < domain->ports_used && x->out_len < WIRE_PACKET_MAX - 256; i++) {
        const struct port *port = &domain->ports[i];
        if (port->state == PORT_FREE)
            continue;
        uint32_t flags = atomic_load(&shared(domain, i)->flags);
        x->out_len += (size_t)sprintf(
            x->out + x->out_len, "%u %s %u:%u owner %d%s%s\n", i, states[port->state],
            port->remote_domid, port->remote_port, port->owner == NULL ? 0 : port->owner->pid,
            flags & PORT_PENDING ? " pending" : "", flags & PORT_MASKED ? " masked" : "");
    }
    x->value[0] = i < domain->ports_used ? i : 0;
    return 0;
}
