#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "link.h"
#include "xenforeignmemory.h"

#define FRAMES_PER_CALL 4096u

struct xenforeignmemory_handle {
    struct link link;
};

EXPORT xenforeignmemory_handle *xenforeignmemory_open(struct xentoollog_logger *logger,
                                                      unsigned int open_flags) {
    (void)logger;
    (void)open_flags;
    struct xenforeignmemory_handle *fmem = calloc(1, sizeof(*fmem));
    if (fmem != NULL && link_open(&fmem->link, HANDLE_MEMORY, NULL) != 0) {
        free(fmem);
        return NULL;
    }
    return fmem;
}

EXPORT int xenforeignmemory_close(xenforeignmemory_handle *fmem) {
    if (fmem != NULL) {
        link_close(&fmem->link);
        free(fmem);
    }
    return 0;
}

/* Maps up to FRAMES_PER_CALL frames; pages holds the page numbers the machine answers with. */
static int map_batch(xenforeignmemory_handle *fmem, uint32_t dom, char *address, int prot,
                     const xen_pfn_t *frames, int *errors, uint32_t *pages, uint32_t count) {
    struct call call = {.request = {.op = OP_MAP_FRAMES, .arg = {dom, (uint32_t)prot}},
                        .in = frames,
                        .in_len = count * sizeof(*frames),
                        .out = pages,
                        .out_max = count * sizeof(*pages)};
    if (link_call(&fmem->link, &call) != 0)
        return -1;
    for (uint32_t i = 0; i < count; i++) {
        int error = pages[i] == UINT32_MAX ? EINVAL : 0;
        if (errors != NULL) {
            errors[i] = -error; /* negative, as Linux's privcmd leaves it */
        } else if (error != 0) {
            errno = error;
            return -1;
        }
    }
    return map_pages(&fmem->link, address, prot, call.reply.value[0], call.reply.value[1], pages,
                     count);
}

EXPORT void *xenforeignmemory_map2(xenforeignmemory_handle *fmem, uint32_t dom, void *addr,
                                   int prot, int flags, size_t pages, const xen_pfn_t arr[],
                                   int err[]) {
    _Static_assert(sizeof(xen_pfn_t) == sizeof(uint64_t), "the machine reads frames as 64 bits");
    uint32_t *numbers = malloc(FRAMES_PER_CALL * sizeof(*numbers));
    if (pages == 0 || numbers == NULL) {
        free(numbers);
        errno = pages == 0 ? EINVAL : ENOMEM;
        return NULL;
    }
    char *address = mmap(addr, pages * PAGE_BYTES, PROT_NONE,
                         (flags & MAP_FIXED) | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (address == MAP_FAILED) {
        free(numbers);
        return NULL;
    }
    int rc = 0;
    for (size_t done = 0; done < pages && rc == 0; done += FRAMES_PER_CALL) {
        size_t left = pages - done;
        uint32_t count = left < FRAMES_PER_CALL ? (uint32_t)left : FRAMES_PER_CALL;
        rc = map_batch(fmem, dom, address + done * PAGE_BYTES, prot, arr + done,
                       err == NULL ? NULL : err + done, numbers, count);
    }
    free(numbers);
    if (rc == 0)
        return address;
    int error = errno;
    munmap(address, pages * PAGE_BYTES);
    errno = error;
    return NULL;
}

EXPORT void *xenforeignmemory_map(xenforeignmemory_handle *fmem, uint32_t dom, int prot,
                                  size_t pages, const xen_pfn_t arr[], int err[]) {
    return xenforeignmemory_map2(fmem, dom, NULL, prot, 0, pages, arr, err);
}

EXPORT int xenforeignmemory_unmap(xenforeignmemory_handle *fmem, void *addr, size_t pages) {
    (void)fmem;
    return munmap(addr, pages * PAGE_BYTES);
}
