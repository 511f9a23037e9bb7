#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "link.h"
#include "xengnttab.h"

#define PAGES_PER_CALL 1024u

/* What a handle has mapped or shared, so that an address can be given back. */
struct mapping {
    struct mapping *next;
    void *address;
    uint32_t count;
    uint32_t id; /* the machine's name for it */
};

/* Both kinds of handle are the same inside; the tags differ because the library's do. */
struct grant_handle {
    struct link link;
    struct mapping *mappings;
};

struct xengntdev_handle {
    struct grant_handle base;
};

struct xengntshr_handle {
    struct grant_handle base;
};

static void *open_handle(enum handle_kind kind) {
    struct grant_handle *handle = calloc(1, sizeof(*handle));
    if (handle != NULL && link_open(&handle->link, kind, NULL) != 0) {
        free(handle);
        return NULL;
    }
    return handle;
}

/* As with the device files, mappings outlive the handle's descriptor in our address space; the
 * other side sees them end here, because the machine can not see our munmap. */
static int close_handle(struct grant_handle *handle) {
    if (handle == NULL)
        return 0;
    link_close(&handle->link);
    while (handle->mappings != NULL) {
        struct mapping *mapping = handle->mappings;
        handle->mappings = mapping->next;
        free(mapping);
    }
    free(handle);
    return 0;
}

static void *remember(struct grant_handle *handle, void *address, uint32_t count, uint32_t id) {
    struct mapping *mapping = malloc(sizeof(*mapping));
    if (mapping == NULL)
        abort(); /* the machine has committed; there is no way to say so */
    *mapping = (struct mapping){NULL, address, count, id};
    pthread_mutex_lock(&handle->link.lock);
    mapping->next = handle->mappings;
    handle->mappings = mapping;
    pthread_mutex_unlock(&handle->link.lock);
    return address;
}

static int give_back(struct grant_handle *handle, void *address, uint32_t count, uint32_t op) {
    struct mapping *found = NULL;
    pthread_mutex_lock(&handle->link.lock);
    for (struct mapping **at = &handle->mappings; *at != NULL; at = &(*at)->next) {
        if ((*at)->address == address && (*at)->count == count) {
            found = *at;
            *at = found->next;
            break;
        }
    }
    pthread_mutex_unlock(&handle->link.lock);
    if (found == NULL) {
        errno = EINVAL;
        return -1;
    }
    munmap(address, (size_t)count * PAGE_BYTES);
    /* The domain may be dead and the mapping with it: then there is nothing left to tell. */
    link_ask(&handle->link, op, found->id, 0, NULL);
    free(found);
    return 0;
}

EXPORT xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger, unsigned int open_flags) {
    (void)logger;
    (void)open_flags;
    return open_handle(HANDLE_GNTTAB);
}

EXPORT int xengnttab_close(xengnttab_handle *xgt) {
    return close_handle(xgt == NULL ? NULL : &xgt->base);
}

EXPORT int xengnttab_fd(xengnttab_handle *xgt) { return xgt->base.link.fd; }

EXPORT int xengnttab_set_max_grants(xengnttab_handle *xgt, uint32_t nr_grants) {
    (void)xgt;
    (void)nr_grants; /* Linux has ignored it since 5.4 */
    return 0;
}

static void *map_grants(xengnttab_handle *xgt, struct grant_page *pages, uint32_t count, int prot,
                        uint32_t notify_offset, uint32_t notify_port) {
    struct link *link = &xgt->base.link;
    struct call call = {
        .request = {.op = OP_GRANT_MAP, .arg = {count, (uint32_t)prot, notify_offset, notify_port}},
        .in = pages,
        .in_len = count * sizeof(*pages),
        .out = pages,
        .out_max = count * sizeof(*pages)};
    char *address = reserve_pages(count);
    if (address == NULL)
        return NULL;
    int rc = link_call(link, &call);
    if (rc == 0) {
        for (uint32_t i = 0; i < count && rc == 0; i++)
            rc = map_pages(link, address + (size_t)i * PAGE_BYTES, prot, pages[i].domid,
                           pages[i].life, &pages[i].page, 1);
        if (rc == 0)
            return remember(&xgt->base, address, count, call.reply.value[0]);
        int error = errno;
        link_ask(link, OP_GRANT_UNMAP, call.reply.value[0], 0, NULL);
        errno = error;
    }
    int error = errno;
    munmap(address, (size_t)count * PAGE_BYTES);
    errno = error;
    return NULL;
}

static void *map_refs(xengnttab_handle *xgt, uint32_t count, const uint32_t *domids,
                      uint32_t stride, const uint32_t *refs, int prot) {
    if (count == 0 || count > PAGES_PER_CALL) {
        errno = EINVAL;
        return NULL;
    }
    struct grant_page *pages = calloc(count, sizeof(*pages));
    if (pages == NULL)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        pages[i].domid = domids[i * stride];
        pages[i].ref = refs[i];
    }
    void *address = map_grants(xgt, pages, count, prot, NO_NOTIFY, NO_NOTIFY);
    free(pages);
    return address;
}

EXPORT void *xengnttab_map_grant_ref(xengnttab_handle *xgt, uint32_t domid, uint32_t ref,
                                     int prot) {
    return map_refs(xgt, 1, &domid, 0, &ref, prot);
}

EXPORT void *xengnttab_map_grant_refs(xengnttab_handle *xgt, uint32_t count, uint32_t *domids,
                                      uint32_t *refs, int prot) {
    return map_refs(xgt, count, domids, 1, refs, prot);
}

EXPORT void *xengnttab_map_domain_grant_refs(xengnttab_handle *xgt, uint32_t count, uint32_t domid,
                                             uint32_t *refs, int prot) {
    return map_refs(xgt, count, &domid, 0, refs, prot);
}

EXPORT void *xengnttab_map_grant_ref_notify(xengnttab_handle *xgt, uint32_t domid, uint32_t ref,
                                            int prot, uint32_t notify_offset,
                                            uint32_t notify_port) {
    struct grant_page page = {.domid = domid, .ref = ref};
    return map_grants(xgt, &page, 1, prot, notify_offset, notify_port);
}

EXPORT int xengnttab_unmap(xengnttab_handle *xgt, void *start_address, uint32_t count) {
    return give_back(&xgt->base, start_address, count, OP_GRANT_UNMAP);
}

EXPORT xengntshr_handle *xengntshr_open(struct xentoollog_logger *logger, unsigned int open_flags) {
    (void)logger;
    (void)open_flags;
    return open_handle(HANDLE_GNTSHR);
}

EXPORT int xengntshr_close(xengntshr_handle *xgs) {
    return close_handle(xgs == NULL ? NULL : &xgs->base);
}

EXPORT int xengntshr_fd(xengntshr_handle *xgs) { return xgs->base.link.fd; }

static void *share(xengntshr_handle *xgs, uint32_t domid, int count, uint32_t *refs, int writable,
                   uint32_t notify_offset, uint32_t notify_port) {
    struct link *link = &xgs->base.link;
    if (count <= 0 || count > (int)PAGES_PER_CALL) {
        errno = EINVAL;
        return NULL;
    }
    struct call call = {
        .request = {.op = OP_SHARE,
                    .arg = {domid, (uint32_t)count, writable != 0, notify_offset, notify_port}},
        .out = refs,
        .out_max = (size_t)count * sizeof(*refs)};
    uint32_t *pages = malloc((size_t)count * sizeof(*pages));
    void *address = reserve_pages((size_t)count);
    if (pages != NULL && address != NULL && link_call(link, &call) == 0) {
        for (int i = 0; i < count; i++)
            pages[i] = call.reply.value[1] + (uint32_t)i;
        if (map_pages(link, address, PROT_READ | PROT_WRITE, link->domid, call.reply.value[2],
                      pages, (size_t)count) == 0) {
            free(pages);
            return remember(&xgs->base, address, (uint32_t)count, call.reply.value[0]);
        }
        int error = errno;
        link_ask(link, OP_UNSHARE, call.reply.value[0], 0, NULL);
        errno = error;
    }
    int error = errno;
    free(pages);
    if (address != NULL)
        munmap(address, (size_t)count * PAGE_BYTES);
    errno = error;
    return NULL;
}

EXPORT void *xengntshr_share_pages(xengntshr_handle *xgs, uint32_t domid, int count, uint32_t *refs,
                                   int writable) {
    return share(xgs, domid, count, refs, writable, NO_NOTIFY, NO_NOTIFY);
}

EXPORT void *xengntshr_share_page_notify(xengntshr_handle *xgs, uint32_t domid, uint32_t *ref,
                                         int writable, uint32_t notify_offset,
                                         uint32_t notify_port) {
    return share(xgs, domid, 1, ref, writable, notify_offset, notify_port);
}

EXPORT int xengntshr_unshare(xengntshr_handle *xgs, void *start_address, uint32_t count) {
    return give_back(&xgs->base, start_address, count, OP_UNSHARE);
}
