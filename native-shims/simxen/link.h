/* A library handle's connection to the machine. */
#ifndef SIMXEN_LINK_H
#define SIMXEN_LINK_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "evtchn_table.h"
#include "wire.h"

#define EXPORT __attribute__((visibility("default")))

/* What a process knows of a machine, shared by its handles and kept until the process ends. */
struct machine_view {
    struct machine_view *next;
    uint64_t instance; /* a machine restarted in the same directory is another machine */
    int dirfd;
    struct evtchn_table table;
};

struct link {
    int fd;
    uint32_t domid;
    struct machine_view *view;
    pthread_mutex_t lock;
};

struct call {
    struct request request;
    const void *in; /* payload of the request */
    size_t in_len;
    const void *in2; /* and what follows it */
    size_t in2_len;
    int pass_fd; /* plus one; 0: none */
    struct reply reply;
    void *out; /* room for the payload of the reply */
    size_t out_max;
    size_t out_len;
};

/* 0, or -1 and errno. */
int link_open(struct link *link, enum handle_kind kind, struct reply *hello);
void link_close(struct link *link);
/* 0, or -1 and errno as the machine gave it; EIO when the machine is gone. */
int link_call(struct link *link, struct call *call);
/* One request without payload. */
int link_ask(struct link *link, uint32_t op, uint32_t a, uint32_t b, struct reply *reply);
/* One request over a connection of its own. */
int link_once(struct call *call);

/* Maps pages of a domain's memory at an address already reserved; runs of pages in one go. A page
 * number of UINT32_MAX is left out. 0, or -1 and errno. */
int map_pages(const struct link *link, void *address, int prot, uint32_t domid, uint32_t life,
              const uint32_t *pages, size_t count);
/* Address space that faults when touched. NULL and errno on failure. */
void *reserve_pages(size_t count);

#endif
