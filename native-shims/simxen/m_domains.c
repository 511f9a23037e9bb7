/* Domains: their lives, their memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "machine.h"

#define DEFAULT_PAGES 16u
#define MAX_PAGES (1u << 20)

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

static void memory_name(const struct domain *domain, char name[48]) {
    snprintf(name, 48, "dom-%u-%u", domain->domid, domain->life);
}

int domain_memory_open(const struct domain *domain) {
    char name[48];
    memory_name(domain, name);
    return openat(g_machine.dirfd, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

static int make_memory(const struct domain *domain) {
    int fd = domain_memory_open(domain);
    if (fd < 0)
        return errno;
    int error = ftruncate(fd, (off_t)domain->nr_pages * PAGE_BYTES) == 0 ? 0 : errno;
    close(fd);
    return error;
}

static void free_domain(struct domain *domain) {
    char name[48];
    memory_name(domain, name);
    /* Only the name goes: whoever has pages mapped keeps them. */
    unlinkat(g_machine.dirfd, name, 0);
    free(domain->ports);
    free(domain->grants);
    free(domain->shared_pages);
    source_free_later(&domain->pid_source);
}

static void on_process_end(struct source *source, uint32_t events) {
    (void)events;
    domain_end((struct domain *)source);
}

int domain_start(uint32_t domid, const char *name, uint32_t nr_pages, uint32_t flags, pid_t pid,
                 int pidfd, struct domain **out) {
    struct domain *domain = calloc(1, sizeof(*domain));
    if (domain == NULL)
        return ENOMEM;
    domain->domid = domid;
    domain->life = ++g_machine.last_life;
    domain->nr_pages = nr_pages;
    domain->pid = pid;
    domain->pidfd = pidfd;
    snprintf(domain->name, sizeof(domain->name), "%s", name);
    domain->ports = calloc(ports_of(domid), sizeof(*domain->ports));
    domain->ports_used = 1;
    domain->ports[0].state = PORT_VIRQ; /* never handed out */
    int error = make_memory(domain);
    if (error != 0 || getrandom(domain->uuid, sizeof(domain->uuid), 0) < 0) {
        free_domain(domain);
        return error != 0 ? error : errno;
    }
    if (domid != 0 || flags & SIMXEN_CREATE_CLASSIC)
        port_alloc_fixed(domain, SIMXEN_CONTROL_PORT, 0);
    if (flags & SIMXEN_CREATE_CONSOLE) {
        port_alloc_fixed(domain, SIMXEN_CONSOLE_PORT, 0);
        grant_add(domain, SIMXEN_CONSOLE_REF, SIMXEN_CONSOLE_FRAME - SIMXEN_FRAME_BASE, 0, true);
    }
    if (pidfd >= 0) {
        domain->pid_source.ready = on_process_end;
        source_add(pidfd, &domain->pid_source, EPOLLIN);
    }
    g_machine.domains[domid] = domain;
    if (domid >= g_machine.next_domid)
        g_machine.next_domid = domid + 1;
    g_machine.last_domid = domid;
    store_domain_added(domain, flags);
    *out = domain;
    return 0;
}

/* Dies at once. Observers are told while it is still listed as dying only under a zombie fault:
 * otherwise it is gone, in one step, before anybody can ask. */
void domain_end(struct domain *domain) {
    bool first = !(domain->flags & XCS_DOMAIN_DYING);
    domain->flags |= XCS_DOMAIN_DYING;
    if (domain->pidfd >= 0) {
        close(domain->pidfd);
        domain->pidfd = -1;
    }
    if (first) {
        ports_close_domain(domain);
        for (struct connection *c = g_machine.connections; c != NULL; c = c->next)
            if (c->domain == domain) {
                grants_release_connection(c, true);
                c->domain = NULL;
                /* A program that outlives its domain would wait for events for ever. */
                if (c->event_fd >= 0)
                    shutdown(c->event_fd, SHUT_RDWR);
            }
        watch_fire("@releaseDomain", NULL, false);
    }
    if (fault_stands(SIMXEN_FAULT_ZOMBIE, domain->domid))
        return;
    store_domain_removed(domain);
    g_machine.domains[domain->domid] = NULL;
    free_domain(domain);
}

/* A pidfd of the process at the other end. By socket where the kernel can: a process number may
 * have been given to another process meanwhile. */
static int peer_pidfd(const struct connection *c) {
    int pidfd;
    socklen_t len = sizeof(pidfd);
    if (getsockopt(c->fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len) == 0)
        return pidfd;
    return (int)syscall(SYS_pidfd_open, c->pid, 0);
}

static int check_free(uint32_t domid, const char *name) {
    if (domid >= DOMID_LIMIT)
        return EINVAL;
    if (g_machine.domains[domid] != NULL)
        return EEXIST;
    for (uint32_t i = 0; i < g_machine.next_domid && name[0] != '\0'; i++)
        if (g_machine.domains[i] != NULL && strcmp(g_machine.domains[i]->name, name) == 0)
            return EEXIST;
    return 0;
}

/* As Xen does: the next one up, and from the first again behind the last. */
static uint32_t free_domid(void) {
    for (uint32_t i = 0; i < DOMID_LIMIT - 1; i++) {
        uint32_t domid = 1 + (g_machine.last_domid + i) % (DOMID_LIMIT - 1);
        if (g_machine.domains[domid] == NULL)
            return domid;
    }
    return DOMID_LIMIT;
}

int op_domain_create(struct exchange *x) {
    uint32_t domid = x->arg[0], pages = x->arg[1] == 0 ? DEFAULT_PAGES : x->arg[1];
    char own_name[64];
    const char *name = x->in;
    if (domid == 0)
        domid = free_domid();
    int error = check_free(domid, name);
    if (error == 0 && (pages < 4 || pages > MAX_PAGES || strlen(name) >= sizeof(own_name) ||
                       strchr(name, '/') != NULL))
        error = EINVAL;
    if (error != 0)
        return error;
    if (name[0] == '\0') {
        snprintf(own_name, sizeof(own_name), "Domain-%u", domid);
        name = own_name;
    }
    int pidfd = peer_pidfd(x->from);
    if (pidfd < 0)
        return errno;
    struct domain *domain;
    error = domain_start(domid, name, pages, x->arg[2], x->from->pid, pidfd, &domain);
    if (error != 0)
        close(pidfd);
    x->value[0] = domid;
    return error;
}

int op_domain_destroy(struct exchange *x) {
    struct domain *domain = domain_named(x->arg[0], NULL);
    if (domain == NULL)
        return ESRCH;
    if (domain->domid == 0)
        return EINVAL;
    domain_end(domain);
    return 0;
}

int op_domain_shutdown(struct exchange *x) {
    struct domain *domain = domain_named(x->arg[0], NULL);
    if (domain == NULL)
        return ESRCH;
    domain->flags |= XCS_DOMAIN_SHUTDOWN;
    domain->shutdown_reason = x->arg[1];
    watch_fire("@releaseDomain", NULL, false);
    return 0;
}

static void describe(const struct domain *domain, struct xcs_domain_info *info) {
    *info = (struct xcs_domain_info){
        .domid = domain->domid,
        .flags = domain->flags,
        .shutdown_reason = domain->shutdown_reason,
        .shared_info_frame = SIMXEN_SHARED_INFO_FRAME,
        .nr_pages = domain->nr_pages,
    };
    if (info->flags == 0)
        info->flags = XCS_DOMAIN_RUNNING;
    memcpy(info->uuid, domain->uuid, sizeof(info->uuid));
}

int op_domain_list(struct exchange *x) {
    uint32_t domid = x->arg[0], max = x->arg[1];
    bool only_this = x->arg[2] != 0;
    /* A guest's kernel knows its own shared_info frame, so a guest may ask for itself. */
    if (x->domain->domid != 0 && !(only_this && domid == x->domain->domid))
        return EPERM;
    uint32_t end = only_this && domid < DOMID_LIMIT ? domid + 1 : g_machine.next_domid;
    for (; domid < end && domid < DOMID_LIMIT && max > 0; domid++) {
        const struct domain *domain = g_machine.domains[domid];
        if (domain == NULL || fault_strikes(SIMXEN_FAULT_INFO, domid) != 0)
            continue;
        if (x->out_len + sizeof(struct xcs_domain_info) + sizeof(struct reply) > WIRE_PACKET_MAX)
            break;
        describe(domain, (struct xcs_domain_info *)(void *)(x->out + x->out_len));
        x->out_len += sizeof(struct xcs_domain_info);
        max--;
    }
    return only_this && x->out_len == 0 ? ESRCH : 0;
}

int op_show_domains(struct exchange *x) {
    uint32_t domid = x->arg[1];
    for (; domid < g_machine.next_domid && x->out_len < WIRE_PACKET_MAX - 256; domid++) {
        const struct domain *domain = g_machine.domains[domid];
        if (domain != NULL)
            x->out_len += (size_t)sprintf(x->out + x->out_len, "%u %s %d %u%s%s\n", domid,
                                          domain->name, domain->pid, domain->life,
                                          domain->flags & XCS_DOMAIN_DYING ? " dying" : "",
                                          domain->flags & XCS_DOMAIN_SHUTDOWN ? " shutdown" : "");
    }
    x->value[0] = domid < g_machine.next_domid ? domid : 0;
    return 0;
}

int op_map_frames(struct exchange *x) {
    const struct domain *domain = domain_named(x->arg[0], x->domain);
    size_t count = x->in_len / sizeof(uint64_t);
    if (domain == NULL || domain->flags & XCS_DOMAIN_DYING)
        return ESRCH;
    if (x->domain->domid != 0 && domain != x->domain)
        return EPERM;
    int error = fault_strikes(SIMXEN_FAULT_MAP, domain->domid);
    if (error != 0)
        return error;
    for (size_t i = 0; i < count; i++) {
        uint64_t frame;
        memcpy(&frame, x->in + i * sizeof(frame), sizeof(frame));
        uint64_t page = frame - SIMXEN_FRAME_BASE;
        bool good = page < domain->nr_pages || (page - domain->nr_pages < domain->nr_shared_pages &&
                                                domain->shared_pages[page - domain->nr_pages]);
        uint32_t number = good ? (uint32_t)page : UINT32_MAX;
        memcpy(x->out + i * sizeof(number), &number, sizeof(number));
    }
    x->out_len = count * sizeof(uint32_t);
    x->value[0] = domain->domid;
    x->value[1] = domain->life;
    return 0;
}
