/* The hypervisor's own log: a ring of text that tells domain 0 when there is more. */
#include <errno.h>
#include <string.h>

#include "machine.h"

#define LOG_BYTES 16384u /* as Xen has without conring_size= */
#define VIRQ_CON_RING 8u

static char s_ring[LOG_BYTES];
static uint32_t s_produced; /* free-running; the oldest byte kept is LOG_BYTES before it */
static uint32_t s_first;

static void put(char byte) {
    s_ring[s_produced++ % LOG_BYTES] = byte;
    if (s_produced - s_first > LOG_BYTES)
        s_first = s_produced - LOG_BYTES;
}

int op_log_append(struct exchange *x) {
    for (size_t i = 0; i < x->in_len; i++)
        put(x->in[i]);
    /* Nobody has to listen: who comes later reads what is kept. */
    virq_raise(g_machine.domains[0], VIRQ_CON_RING);
    return 0;
}

int op_log_read(struct exchange *x) {
    uint32_t max = x->arg[0], from = s_first;
    if (max > WIRE_PACKET_MAX - sizeof(struct reply))
        max = WIRE_PACKET_MAX - sizeof(struct reply);
    if (x->arg[2] != 0 && x->arg[1] - s_first <= s_produced - s_first)
        from = x->arg[1];
    while (from != s_produced && x->out_len < max)
        x->out[x->out_len++] = s_ring[from++ % LOG_BYTES];
    x->value[0] = from;
    return 0;
}
