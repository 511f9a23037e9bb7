/*
 * Tells a test guest what to do, by its name, and waits until it has done it (guest/README.md). One
 * program, since each that dom0 starts costs a tenth of a second on an emulated processor, and a
 * case has some hundred orders.
 *
 *   lab-order SECONDS begin NAME WORD...   gives the order
 *   lab-order SECONDS done NAME WORD...    waits for its end; prints the details that the guest
 * tells lab-order SECONDS all NAME WORD...     both
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

#include "common.h"

static struct xs_handle *store;
static char order[1024];
static char home[64];

static char *read_key(const char *directory, const char *key) {
    char path[192];
    unsigned int length;
    snprintf(path, sizeof(path), "%s/%s", directory, key);
    return xs_read(store, XBT_NULL, path, &length);
}

/* The youngest of the name: one that is being destroyed has its keys for a while. */
static void find(const char *name) {
    unsigned int count = 0;
    char **domains = xs_directory(store, XBT_NULL, "/local/domain", &count);
    int found = -1;
    for (unsigned int i = 0; i < count; i++) {
        char path[64];
        snprintf(path, sizeof(path), "/local/domain/%s", domains[i]);
        char *other = read_key(path, "name");
        if (other != NULL && strcmp(other, name) == 0 && atoi(domains[i]) > found)
            found = atoi(domains[i]);
        free(other);
    }
    free(domains);
    if (found < 0)
        die("there is no domain %s", name);
    snprintf(home, sizeof(home), "/local/domain/%d/data", found);
}

static void give(void) {
    char path[96];
    snprintf(path, sizeof(path), "%s/status", home);
    xs_rm(store, XBT_NULL, path);
    snprintf(path, sizeof(path), "%s/cmd", home);
    if (!xs_write(store, XBT_NULL, path, order, (unsigned int)strlen(order)))
        die("%s: %s", path, strerror(errno));
}

/* True when the guest has said how this order ended. */
static bool is_done(const char *name, const char *status) {
    const char *word = strncmp(status, "OK ", 3) == 0    ? status + 3
                       : strncmp(status, "ERR ", 4) == 0 ? status + 4
                                                         : NULL;
    if (word == NULL || strncmp(word, order, strlen(order)) != 0)
        return false;
    const char *rest = word + strlen(order);
    if (word != status + 3 || (*rest != '\0' && strncmp(rest, ": ", 2) != 0))
        die("guest %s: %s", name, status);
    if (*rest != '\0')
        puts(rest + 2);
    return true;
}

static void await(const char *name, int64_t deadline) {
    char path[96];
    snprintf(path, sizeof(path), "%s/status", home);
    if (!xs_watch(store, path, "status"))
        die("watch of %s: %s", path, strerror(errno));
    for (;;) {
        char *status = read_key(home, "status");
        bool done = status != NULL && is_done(name, status);
        free(status);
        if (done)
            return;
        struct pollfd ready = {.fd = xs_fileno(store), .events = POLLIN};
        if (poll(&ready, 1, left_ms(deadline)) <= 0)
            die("guest %s: '%s' is not done in time", name, order);
        unsigned int count;
        char **event = xs_read_watch(store, &count);
        if (event == NULL)
            die("xenstore: %s", strerror(errno));
        free(event);
    }
}

int main(int argc, char **argv) {
    static const char help[] = "usage: lab-order SECONDS begin|done|all NAME WORD...\n";
    if (argc < 5)
        usage(help);
    bool begins = strcmp(argv[2], "begin") == 0 || strcmp(argv[2], "all") == 0;
    bool waits = strcmp(argv[2], "done") == 0 || strcmp(argv[2], "all") == 0;
    if (!begins && !waits)
        usage(help);
    int64_t deadline = now_ms() + (int64_t)number(argv[1], 86400) * 1000;
    for (int i = 4; i < argc; i++) {
        size_t length = strlen(order);
        int more =
            snprintf(order + length, sizeof(order) - length, "%s%s", i > 4 ? " " : "", argv[i]);
        if ((size_t)more >= sizeof(order) - length)
            die("an order has at most %zu bytes", sizeof(order) - 1);
    }
    store = xs_open(0);
    if (store == NULL)
        die("xenstore: %s", strerror(errno));
    find(argv[3]);
    if (begins)
        give();
    if (waits)
        await(argv[3], deadline);
    return 0;
}
