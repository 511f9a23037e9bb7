/* Event channels: the part that all processes of a machine share.
 *
 * One slot a port, in a file that everybody maps. Slow changes (allocate, bind, close) are made by
 * the machine alone; notify and unmask are made by anybody, without a lock and without the
 * machine. See evtchn_table.c for why no event is lost. */
#ifndef SIMXEN_EVTCHN_TABLE_H
#define SIMXEN_EVTCHN_TABLE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#ifndef DOM0_PORTS
#define DOM0_PORTS 16384u
#endif
#define GUEST_PORTS 64u

#define PORT_PENDING 1u
#define PORT_MASKED 2u

struct port_slot {
    _Atomic uint32_t flags;
    _Atomic uint32_t peer;    /* slot of the other end, 0 when there is none */
    _Atomic uint32_t fifo;    /* handle that gets the events, 0 when there is none */
    _Atomic uint32_t sending; /* notifies under way *from* this port, see evtchn_recover */
};

struct fifo_writer {
    pthread_mutex_t lock;
    uint32_t fifo;
    int fd;
};

struct evtchn_table {
    struct port_slot *slots;
    int dirfd; /* borrowed */
    uint32_t nr_writers;
    struct fifo_writer *writers;
};

static inline uint32_t ports_of(uint32_t domid) { return domid == 0 ? DOM0_PORTS : GUEST_PORTS; }

static inline uint32_t slot_of(uint32_t domid, uint32_t port) {
    return domid == 0 ? port : DOM0_PORTS + (domid - 1) * GUEST_PORTS + port;
}

static inline uint32_t port_of(uint32_t slot) {
    return slot < DOM0_PORTS ? slot : (slot - DOM0_PORTS) % GUEST_PORTS;
}

int evtchn_table_open(struct evtchn_table *table, int dirfd, bool create);
void evtchn_table_close(struct evtchn_table *table);

/* Nobody was told: this process may open no more descriptors. The machine is to repeat it. */
#define EVTCHN_UNDELIVERED UINT32_MAX

/* Signals a port. Returns the handle that was written to, 0 if none had to be. */
uint32_t evtchn_deliver(struct evtchn_table *table, uint32_t slot);
uint32_t evtchn_unmask(struct evtchn_table *table, uint32_t slot);
/* The machine: a process died while it may have been inside evtchn_deliver for this port. */
void evtchn_recover(struct evtchn_table *table, uint32_t slot);
/* Forgets the cached descriptor of a handle that will not be written to any more. */
void evtchn_drop_writer(struct evtchn_table *table, uint32_t fifo);

#endif
