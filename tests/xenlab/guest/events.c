#include "events.h"

#include <xen/sched.h>

#include "hypercall.h"
#include "platform.h"
#include "text.h"

#define MAX_PORTS 8
#define BITS (8 * sizeof(xen_ulong_t))

static evtchn_port_t s_ports[MAX_PORTS];
static unsigned int s_count;

void events_init(void) {
    s_count = 0;
    memset(g_platform.shared_info->evtchn_mask, 0xff, sizeof(g_platform.shared_info->evtchn_mask));
}

void events_add(evtchn_port_t port) {
    if (port != 0 && s_count < MAX_PORTS)
        s_ports[s_count++] = port;
}

void events_remove(evtchn_port_t port) {
    for (unsigned int i = 0; i < s_count; i++)
        if (s_ports[i] == port)
            s_ports[i--] = s_ports[--s_count];
}

static void poll_ports(evtchn_port_t *ports, unsigned int count, uint64_t until) {
    struct sched_poll poll = {.nr_ports = count, .timeout = until};
    set_xen_guest_handle(poll.ports, ports);
    hypercall_op(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll);
}

void events_wait(uint64_t until) { poll_ports(s_ports, s_count, until); }

void events_wait_for(evtchn_port_t port) { poll_ports(&port, 1, FOR_EVER); }

bool events_take(evtchn_port_t port) {
    xen_ulong_t bit = (xen_ulong_t)1 << port % BITS;
    xen_ulong_t *word = &g_platform.shared_info->evtchn_pending[port / BITS];
    return (__atomic_fetch_and(word, ~bit, __ATOMIC_SEQ_CST) & bit) != 0;
}

void events_notify(evtchn_port_t port) {
    struct evtchn_send send = {.port = port};
    hypercall_op(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &send);
}

evtchn_port_t events_open(void) {
    struct evtchn_alloc_unbound alloc = {.dom = DOMID_SELF, .remote_dom = 0};
    long result = hypercall_op(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, &alloc);
    return result == 0 ? alloc.port : 0;
}

void events_close(evtchn_port_t port) {
    struct evtchn_close close = {.port = port};
    hypercall_op(__HYPERVISOR_event_channel_op, EVTCHNOP_close, &close);
    /* The next user of this number must not start with an event of ours. */
    events_take(port);
}
