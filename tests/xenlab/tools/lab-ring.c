/*
 * The indexes of a domain's console ring: how many bytes the guest has ever put into it, and how
 * many of them its daemon has taken.
 *
 * lab-ring DOMID               prints "out PRODUCED TAKEN in PRODUCED TAKEN"
 * lab-ring -g SECONDS DOMID    holds the page until the domain is gone, and prints them then:
 *                              what it managed to say. Prints "held" when it has the page.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xenforeignmemory.h>
#include <xenstore.h>

#include <xen/io/console.h>

#include "common.h"

static struct xs_handle *store;

static uint64_t ring_frame(unsigned int domid) {
    char path[64];
    unsigned int length;
    snprintf(path, sizeof(path), "/local/domain/%u/console/ring-ref", domid);
    char *text = xs_read(store, XBT_NULL, path, &length);
    if (text == NULL)
        die("%s: %s", path, strerror(errno));
    uint64_t frame = number(text, UINT64_MAX);
    free(text);
    return frame;
}

static const volatile struct xencons_interface *map_ring(unsigned int domid) {
    xenforeignmemory_handle *memory = xenforeignmemory_open(NULL, 0);
    if (memory == NULL)
        die("xenforeignmemory_open: %s", strerror(errno));
    xen_pfn_t frame = ring_frame(domid);
    int error = 0;
    void *page = xenforeignmemory_map(memory, domid, PROT_READ, 1, &frame, &error);
    if (page == NULL || error != 0)
        die("the console page of domain %u cannot be mapped: %s", domid,
            strerror(error != 0 ? -error : errno));
    return page;
}

static bool is_there(unsigned int domid) {
    char path[64];
    unsigned int length;
    snprintf(path, sizeof(path), "/local/domain/%u/domid", domid);
    char *text = xs_read(store, XBT_NULL, path, &length);
    free(text);
    return text != NULL;
}

/* The toolstack removes the domain's keys after its end. */
static void await_end(unsigned int domid, int64_t deadline) {
    char path[64];
    snprintf(path, sizeof(path), "/local/domain/%u", domid);
    if (!xs_watch(store, path, "domain"))
        die("watch of %s: %s", path, strerror(errno));
    puts("held");
    fflush(stdout);
    while (is_there(domid)) {
        struct pollfd news = {.fd = xs_fileno(store), .events = POLLIN};
        unsigned int count;
        if (poll(&news, 1, left_ms(deadline)) <= 0)
            die("domain %u did not end", domid);
        free(xs_read_watch(store, &count));
    }
}

int main(int argc, char **argv) {
    static const char help[] = "usage: lab-ring [-g SECONDS] DOMID\n";
    int64_t patience = 0;
    int option;
    while ((option = getopt(argc, argv, "g:")) != -1) {
        if (option != 'g')
            usage(help);
        patience = (int64_t)number(optarg, 86400) * 1000;
    }
    if (argc - optind != 1)
        usage(help);
    unsigned int domid = (unsigned int)number(argv[optind], UINT16_MAX);
    store = xs_open(0);
    if (store == NULL)
        die("xenstore: %s", strerror(errno));
    const volatile struct xencons_interface *ring = map_ring(domid);
    if (patience > 0)
        await_end(domid, now_ms() + patience);
    printf("out %u %u in %u %u\n", ring->out_prod, ring->out_cons, ring->in_prod, ring->in_cons);
    return 0;
}
