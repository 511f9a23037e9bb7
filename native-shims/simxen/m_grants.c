/* Grant tables, both sides, and what happens when a page is let go. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "machine.h"

#define FIRST_FREE_REF 8u /* those below are reserved for toolstacks, as on Xen */
#define MAX_SHARED_PAGES 1024u
#define MAX_REFS (FIRST_FREE_REF + MAX_SHARED_PAGES)

static struct grant *grant_slot(struct domain *domain, uint32_t ref) {
    if (ref >= MAX_REFS)
        return NULL;
    if (ref >= domain->nr_grants) {
        uint32_t room = ref + 32;
        struct grant *grants = realloc(domain->grants, room * sizeof(*grants));
        if (grants == NULL)
            return NULL;
        memset(grants + domain->nr_grants, 0, (room - domain->nr_grants) * sizeof(*grants));
        domain->grants = grants;
        domain->nr_grants = room;
    }
    return &domain->grants[ref];
}

int grant_add(struct domain *domain, uint32_t ref, uint32_t page, uint32_t remote_domid,
              bool writable) {
    struct grant *grant = grant_slot(domain, ref);
    if (grant == NULL)
        return ENOSPC;
    *grant = (struct grant){
        .live = true, .writable = writable, .remote_domid = remote_domid, .page = page};
    return 0;
}

int grant_revoke(struct domain *domain, uint32_t ref) {
    if (ref >= domain->nr_grants || !domain->grants[ref].live)
        return ENOENT;
    domain->grants[ref].revoked = true;
    return 0;
}

static void free_grant(struct domain *domain, struct grant *grant) {
    if (grant->page_owned) {
        int fd = domain_memory_open(domain);
        /* The next user of the page must find zeros. */
        if (fd >= 0) {
            (void)!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                             (off_t)grant->page * PAGE_BYTES, PAGE_BYTES);
            close(fd);
        }
        domain->shared_pages[grant->page - domain->nr_pages] = false;
    }
    *grant = (struct grant){0};
}

/* As Linux does, a grant given up while the other side has it mapped is ended when it is unmapped:
 * until then it can even be mapped again. */
static void end_grant(struct domain *domain, uint32_t ref) {
    struct grant *grant = &domain->grants[ref];
    if (grant->in_use == 0)
        free_grant(domain, grant);
    else
        grant->ended = true;
}

/* NULL when the domain is not the one it was. */
static struct domain *same_life(const struct grant_page *page) {
    struct domain *domain = g_machine.domains[page->domid];
    return domain != NULL && domain->life == page->life ? domain : NULL;
}

static void clear_byte(const struct grant_page *page, uint32_t offset) {
    struct domain *domain = same_life(page);
    int fd = domain == NULL ? -1 : domain_memory_open(domain);
    if (fd < 0)
        return;
    (void)!pwrite(fd, "", 1, (off_t)page->page * PAGE_BYTES + offset);
    close(fd);
}

/* Mappings with a port to notify: few if any, so that closing a port need not look for one. */
static uint32_t s_notify_ports;

void grants_port_closing(uint32_t slot) {
    if (s_notify_ports == 0)
        return;
    for (struct connection *c = g_machine.connections; c != NULL; c = c->next)
        for (struct holding *h = c->holdings; h != NULL; h = h->next)
            /* Linux keeps a port open for a notification that may still be due. Only the mapping
             * side is seen to: measured on Linux, the sharing side's event is lost. */
            if (c->kind == HANDLE_GNTTAB && h->notify_port != NO_NOTIFY &&
                slot == slot_of(c->domid, h->notify_port))
                h->notify_peer = atomic_load(&g_machine.table.slots[slot].peer);
}

static void signal_port(const struct connection *c, const struct holding *h) {
    uint32_t peer = h->notify_peer;
    if (peer == 0 && c->domain != NULL && c->domain->ports[h->notify_port].state != PORT_FREE)
        peer = atomic_load(&g_machine.table.slots[slot_of(c->domid, h->notify_port)].peer);
    if (peer != 0)
        evtchn_deliver(&g_machine.table, peer);
}

/* The unmap notification, in the order that lets the receiver of the event see the byte. */
static void notify_unmap(const struct connection *c, const struct holding *h, bool event) {
    if (h->notify_offset != NO_NOTIFY)
        clear_byte(&h->pages[0], h->notify_offset);
    if (h->notify_port != NO_NOTIFY && event)
        signal_port(c, h);
}

static void let_go(struct connection *c, struct holding *h) {
    for (uint32_t i = 0; i < h->count; i++) {
        struct domain *domain = same_life(&h->pages[i]);
        if (domain == NULL)
            continue;
        struct grant *grant = &domain->grants[h->pages[i].ref];
        if (c->kind == HANDLE_GNTSHR) {
            end_grant(domain, h->pages[i].ref);
        } else if (--grant->in_use == 0 && grant->ended) {
            free_grant(domain, grant);
        }
    }
    if (h->notify_port != NO_NOTIFY)
        s_notify_ports--;
    free(h);
}

void grants_release_connection(struct connection *c, bool quiet) {
    while (c->holdings != NULL) {
        struct holding *h = c->holdings;
        c->holdings = h->next;
        /* A sharing program that ends clears its byte but, measured, sends no event. */
        if (!quiet)
            notify_unmap(c, h, c->kind == HANDLE_GNTTAB);
        let_go(c, h);
    }
}

static int give_back(struct exchange *x) {
    for (struct holding **at = &x->from->holdings; *at != NULL; at = &(*at)->next) {
        struct holding *h = *at;
        if (h->id != x->arg[0])
            continue;
        *at = h->next;
        notify_unmap(x->from, h, true);
        let_go(x->from, h);
        return 0;
    }
    return EINVAL;
}

int op_grant_unmap(struct exchange *x) { return give_back(x); }

int op_unshare(struct exchange *x) { return give_back(x); }

static int check_notify(const struct exchange *x, uint32_t offset, uint32_t port) {
    if (offset != NO_NOTIFY && offset >= PAGE_BYTES)
        return EINVAL;
    if (port == NO_NOTIFY)
        return 0;
    return port < ports_of(x->domain->domid) && x->domain->ports[port].state != PORT_FREE ? 0
                                                                                          : EINVAL;
}

static struct holding *new_holding(struct connection *c, uint32_t count, uint32_t offset,
                                   uint32_t port) {
    struct holding *h = calloc(1, sizeof(*h) + count * sizeof(h->pages[0]));
    if (h == NULL)
        return NULL;
    h->id = ++c->last_id;
    h->count = count;
    h->notify_offset = offset;
    h->notify_port = port;
    return h;
}

static void keep(struct connection *c, struct holding *h) {
    if (h->notify_port != NO_NOTIFY)
        s_notify_ports++;
    h->next = c->holdings;
    c->holdings = h;
}

/* Whatever is wrong, Linux's gntdev says EINVAL. */
static int resolve(struct exchange *x, struct grant_page *page, bool write) {
    struct domain *domain = domain_named(page->domid, x->domain);
    if (domain == NULL || domain->flags & XCS_DOMAIN_DYING || page->ref >= domain->nr_grants)
        return EINVAL;
    int error = fault_strikes(SIMXEN_FAULT_GRANT_MAP, domain->domid);
    if (error != 0)
        return error;
    struct grant *grant = &domain->grants[page->ref];
    if (!grant->live || grant->revoked || grant->remote_domid != x->domain->domid ||
        (write && !grant->writable))
        return EINVAL;
    *page = (struct grant_page){domain->domid, page->ref, domain->life, grant->page};
    return 0;
}

int op_grant_map(struct exchange *x) {
    uint32_t count = x->arg[0];
    if (count == 0 || x->in_len != count * sizeof(struct grant_page))
        return EINVAL;
    int error = check_notify(x, x->arg[2], x->arg[3]);
    if (error != 0)
        return error;
    struct holding *h = new_holding(x->from, count, x->arg[2], x->arg[3]);
    if (h == NULL)
        return ENOMEM;
    memcpy(h->pages, x->in, x->in_len);
    for (uint32_t i = 0; i < count && error == 0; i++)
        error = resolve(x, &h->pages[i], x->arg[1] & PROT_WRITE);
    if (error != 0) {
        free(h);
        return error;
    }
    for (uint32_t i = 0; i < count; i++)
        g_machine.domains[h->pages[i].domid]->grants[h->pages[i].ref].in_use++;
    keep(x->from, h);
    memcpy(x->out, h->pages, x->in_len);
    x->out_len = x->in_len;
    x->value[0] = h->id;
    return 0;
}

/* The first run of free pages behind the domain's own. */
static int find_pages(struct domain *domain, uint32_t count, uint32_t *first) {
    uint32_t run = 0, i = 0;
    for (; i < domain->nr_shared_pages && run < count; i++)
        run = domain->shared_pages[i] ? 0 : run + 1;
    *first = i - run;
    uint32_t end = *first + count;
    if (end <= domain->nr_shared_pages)
        return 0;
    if (end > MAX_SHARED_PAGES)
        return ENOSPC; /* as gntalloc's limit */
    bool *pages = realloc(domain->shared_pages, end * sizeof(*pages));
    if (pages == NULL)
        return ENOMEM;
    memset(pages + domain->nr_shared_pages, 0, end - domain->nr_shared_pages);
    domain->shared_pages = pages;
    domain->nr_shared_pages = end;
    int fd = domain_memory_open(domain);
    int error =
        fd >= 0 && ftruncate(fd, (off_t)(domain->nr_pages + end) * PAGE_BYTES) == 0 ? 0 : errno;
    if (fd >= 0)
        close(fd);
    return error;
}

int op_share(struct exchange *x) {
    struct domain *self = x->domain;
    uint32_t remote = x->arg[0] == DOMID_SELF ? self->domid : x->arg[0];
    uint32_t count = x->arg[1], first, ref = FIRST_FREE_REF;
    if (remote >= DOMID_LIMIT || count == 0 || count > MAX_SHARED_PAGES)
        return EINVAL;
    int error = check_notify(x, x->arg[3], x->arg[4]);
    if (error == 0)
        error = find_pages(self, count, &first);
    if (error != 0)
        return error;
    struct holding *h = new_holding(x->from, count, x->arg[3], x->arg[4]);
    if (h == NULL)
        return ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        while (ref < self->nr_grants && self->grants[ref].live)
            ref++;
        uint32_t page = self->nr_pages + first + i;
        if (grant_add(self, ref, page, remote, x->arg[2] != 0) != 0) {
            while (i-- > 0)
                free_grant(self, &self->grants[h->pages[i].ref]);
            free(h);
            return ENOSPC;
        }
        self->grants[ref].page_owned = true;
        self->shared_pages[first + i] = true;
        h->pages[i] = (struct grant_page){self->domid, ref, self->life, page};
        memcpy(x->out + i * sizeof(ref), &ref, sizeof(ref));
    }
    keep(x->from, h);
    x->out_len = count * sizeof(ref);
    x->value[0] = h->id;
    x->value[1] = self->nr_pages + first;
    x->value[2] = self->life;
    return 0;
}
