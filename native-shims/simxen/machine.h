/* The machine: hypervisor and xenstored of one simulated host, one thread.
 *
 * It owns all that changes slowly. Whatever a connection holds (ports, grants, mappings, watches,
 * transactions) ends with the connection, so a process can be killed at any moment and leaves
 * nothing behind. */
#ifndef SIMXEN_MACHINE_H
#define SIMXEN_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../xenctrl/xcs_xenctrl.h"
#include "evtchn_table.h"
#include "simxen.h"
#include "store.h"
#include "wire.h"

/* Something epoll reports. Freed only between two rounds, because a round may still hold events
 * of what its earlier events ended. */
struct source {
    void (*ready)(struct source *source, uint32_t events);
    struct source *next_dead;
};

enum port_state { PORT_FREE = 0, PORT_UNBOUND, PORT_INTERDOMAIN, PORT_VIRQ };

struct port {
    enum port_state state;
    uint32_t remote_domid; /* unbound: who may bind; interdomain: who did; virq: its number */
    uint32_t remote_port;
    struct connection *owner; /* NULL: the guest's kernel, which has no handle yet */
    bool fixed;               /* made by the toolstack: goes back to the kernel, is not closed */
};

struct grant {
    bool live;
    bool revoked; /* mappings stay, new ones are refused */
    bool ended;   /* its owner gave it up; free once unmapped */
    bool writable;
    bool page_owned; /* the page was allocated for it and is freed with it */
    uint32_t remote_domid;
    uint32_t page;
    uint32_t in_use;
};

struct domain {
    struct source pid_source;
    uint32_t domid;
    uint32_t life; /* never repeats, unlike domid */
    uint32_t flags;
    uint32_t shutdown_reason;
    uint32_t nr_pages;
    pid_t pid;
    int pidfd;
    char name[64];
    uint8_t uuid[16];
    struct port *ports;
    uint32_t ports_used; /* one more than the highest port ever used */
    struct grant *grants;
    uint32_t nr_grants;
    bool *shared_pages; /* beyond nr_pages, in use for grants */
    uint32_t nr_shared_pages;
};

/* Grants that one call mapped, or shared. */
struct holding {
    struct holding *next;
    uint32_t id;
    uint32_t notify_offset;
    uint32_t notify_port;
    uint32_t notify_peer; /* slot to signal though notify_port has been closed meanwhile */
    uint32_t count;
    struct grant_page pages[];
};

struct event_line {
    struct event_line *next;
    size_t len;
    char bytes[];
};

struct connection {
    struct source source;
    struct source event_source;
    struct connection *next;
    struct connection *prev;
    int fd;
    enum handle_kind kind; /* 0 before the hello */
    uint32_t domid;
    struct domain *domain; /* NULL once it is dead, even if its number is used again */
    pid_t pid;
    uint32_t fifo;
    struct holding *holdings;
    uint32_t last_id;
    int event_fd;
    struct event_line *events; /* that did not fit into event_fd */
    struct event_line **events_tail;
    struct watch *watches;
    struct transaction *transactions;
};

/* One request being answered. */
struct exchange {
    struct connection *from;
    struct domain *domain; /* of from; never NULL */
    const uint32_t *arg;
    const char *in;
    size_t in_len;
    int fd; /* that came along, -1: none */
    uint32_t *value;
    char *out;
    size_t out_len;
};

struct machine {
    int dirfd;
    int epoll;
    uint64_t instance;
    struct evtchn_table table;
    struct domain *domains[DOMID_LIMIT];
    uint32_t next_domid; /* above all that were ever given */
    uint32_t last_domid; /* the last one given */
    uint32_t last_life;
    uint32_t last_fifo;
    struct connection *connections;
    struct source *dead;
    struct node *store;
};

extern struct machine g_machine;

/* machine.c */
void source_add(int fd, struct source *source, uint32_t events);
void source_free_later(struct source *source);
struct domain *domain_named(uint32_t domid, const struct domain *self);

/* connection.c */
void connection_accept(int listener);

/* Each request: 0 or an errno. */
typedef int request_fn(struct exchange *x);

/* m_ports.c */
request_fn op_bind_unbound, op_bind_interdomain, op_bind_virq, op_unbind, op_claim, op_virq,
    op_port_info, op_deliver, op_show_ports;
/* 0, ESRCH, or ENOENT when nobody has bound it. */
int virq_raise(const struct domain *domain, uint32_t virq);
int port_alloc_fixed(struct domain *domain, uint32_t port, uint32_t remote_domid);
void ports_release_connection(struct connection *connection);
void ports_close_domain(struct domain *domain);

/* m_domains.c */
request_fn op_domain_list, op_domain_create, op_domain_destroy, op_domain_shutdown, op_show_domains,
    op_map_frames;
int domain_start(uint32_t domid, const char *name, uint32_t nr_pages, uint32_t flags, pid_t pid,
                 int pidfd, struct domain **out);
void domain_end(struct domain *domain);
int domain_memory_open(const struct domain *domain);

/* m_grants.c */
request_fn op_grant_map, op_grant_unmap, op_share, op_unshare;
/* quiet: the kernel that would tell the other side is dead too. */
void grants_release_connection(struct connection *connection, bool quiet);
int grant_add(struct domain *domain, uint32_t ref, uint32_t page, uint32_t remote_domid,
              bool writable);
int grant_revoke(struct domain *domain, uint32_t ref);
void grants_port_closing(uint32_t slot);

/* m_store.c, m_watch.c */
request_fn op_xs_read, op_xs_write, op_xs_mkdir, op_xs_rm, op_xs_directory, op_xs_get_perms,
    op_xs_set_perms, op_xs_events, op_xs_watch, op_xs_unwatch, op_xs_start, op_xs_end,
    op_xs_introduced, op_xs_introduce, op_xs_release;
/* For the machine itself: as domain 0, watches fire. */
void store_put(const char *path, const char *value);
void store_protect(const char *path, uint32_t owner, uint32_t reader);
void store_drop(const char *path);
void store_release_connection(struct connection *connection);
int store_resolve(char *absolute, size_t size, const char *path, uint32_t domid);
void watch_fire(const char *path, const struct node *node, bool exact);
void watch_release_connection(struct connection *connection);

/* m_domain_store.c */
void store_domain_added(const struct domain *domain, uint32_t flags);
void store_domain_removed(const struct domain *domain);
void store_start(void);

/* m_log.c */
request_fn op_log_read, op_log_append;

/* m_faults.c */
request_fn op_fault_set, op_fault_clear, op_fault_list;
/* The errno a request is to fail with, 0 for none; counts the hit. */
int fault_strikes(enum simxen_fault_kind kind, uint32_t domid);
int fault_strikes_path(const char *path);
bool fault_stands(enum simxen_fault_kind kind, uint32_t domid);
/* How long epoll may sleep: 0 while a storm without pause blows. */
int faults_timeout(void);
void faults_blow(void);

#endif
