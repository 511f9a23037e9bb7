#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link.h"
#include "xenstore.h"

#define VALUE_MAX 4096u

struct xs_handle {
    struct link link;
    /* Watch events come over a socket of their own, so that it is readable when, and only when,
     * an event waits. Made when first needed: most handles watch nothing. */
    int event_fd;
    pthread_mutex_t event_lock;
};

EXPORT struct xs_handle *xs_open(unsigned long flags) {
    (void)flags;
    struct xs_handle *h = calloc(1, sizeof(*h));
    if (h == NULL)
        return NULL;
    if (link_open(&h->link, HANDLE_STORE, NULL) != 0) {
        free(h);
        return NULL;
    }
    h->event_fd = -1;
    pthread_mutex_init(&h->event_lock, NULL);
    return h;
}

EXPORT void xs_close(struct xs_handle *xsh) {
    if (xsh == NULL)
        return;
    link_close(&xsh->link);
    if (xsh->event_fd >= 0)
        close(xsh->event_fd);
    pthread_mutex_destroy(&xsh->event_lock);
    free(xsh);
}

/* One request about a path. The reply's payload, if wanted, is returned in one block with a
 * zero byte after it. */
static int ask(struct xs_handle *h, uint32_t op, xs_transaction_t t, const char *path,
               const void *data, size_t len, char **out, size_t *out_len, uint32_t *count) {
    char *buffer = out == NULL ? NULL : malloc(WIRE_PACKET_MAX);
    if (out != NULL && buffer == NULL)
        return -1;
    struct call call = {.request = {.op = op, .arg = {t}},
                        .in = path,
                        .in_len = strlen(path) + 1,
                        .in2 = data,
                        .in2_len = len,
                        .out = buffer,
                        .out_max = out == NULL ? 0 : WIRE_PACKET_MAX};
    if (link_call(&h->link, &call) != 0) {
        int error = errno;
        free(buffer);
        errno = error;
        return -1;
    }
    if (out != NULL) {
        char *exact = malloc(call.out_len + 1);
        if (exact != NULL) {
            memcpy(exact, buffer, call.out_len);
            exact[call.out_len] = '\0';
        }
        free(buffer);
        if (exact == NULL)
            return -1;
        *out = exact;
        *out_len = call.out_len;
    }
    if (count != NULL)
        *count = call.reply.value[0];
    return 0;
}

static bool tell(struct xs_handle *h, uint32_t op, xs_transaction_t t, const char *path,
                 const void *data, size_t len) {
    return ask(h, op, t, path, data, len, NULL, NULL, NULL) == 0;
}

/* A vector of strings and the strings behind it, in one block, as callers free it. */
static char **string_vector(const char *packed, size_t len, unsigned int count) {
    size_t head = (count + 1) * sizeof(char *);
    char **vector = malloc(head + len + 1);
    if (vector == NULL)
        return NULL;
    char *at = (char *)vector + head;
    memcpy(at, packed, len);
    at[len] = '\0';
    for (unsigned int i = 0; i < count; i++, at += strlen(at) + 1)
        vector[i] = at;
    vector[count] = NULL;
    return vector;
}

EXPORT char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path,
                           unsigned int *num) {
    char *packed;
    size_t len;
    uint32_t count;
    if (ask(h, OP_XS_DIRECTORY, t, path, NULL, 0, &packed, &len, &count) != 0)
        return NULL;
    char **vector = string_vector(packed, len, count);
    free(packed);
    *num = count;
    return vector;
}

EXPORT void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *len) {
    char *value;
    size_t size;
    if (ask(h, OP_XS_READ, t, path, NULL, 0, &value, &size, NULL) != 0)
        return NULL;
    if (len != NULL)
        *len = (unsigned int)size;
    return value;
}

EXPORT bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path, const void *data,
                     unsigned int len) {
    if (len + strlen(path) + 1 > VALUE_MAX) {
        errno = E2BIG;
        return false;
    }
    return tell(h, OP_XS_WRITE, t, path, data, len);
}

EXPORT bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path) {
    return tell(h, OP_XS_MKDIR, t, path, NULL, 0);
}

EXPORT bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path) {
    return tell(h, OP_XS_RM, t, path, NULL, 0);
}

EXPORT struct xs_permissions *xs_get_permissions(struct xs_handle *h, xs_transaction_t t,
                                                 const char *path, unsigned int *num) {
    char *perms;
    size_t len;
    if (ask(h, OP_XS_GET_PERMS, t, path, NULL, 0, &perms, &len, NULL) != 0)
        return NULL;
    *num = (unsigned int)(len / sizeof(struct xs_permissions));
    return (struct xs_permissions *)perms;
}

EXPORT bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t, const char *path,
                               struct xs_permissions *perms, unsigned int num_perms) {
    return tell(h, OP_XS_SET_PERMS, t, path, perms, num_perms * sizeof(*perms));
}

static int event_socket(struct xs_handle *h) {
    pthread_mutex_lock(&h->event_lock);
    int pair[2];
    if (h->event_fd < 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0) {
        struct call call = {.request = {.op = OP_XS_EVENTS}, .pass_fd = pair[1] + 1};
        if (link_call(&h->link, &call) == 0)
            h->event_fd = pair[0];
        else
            close(pair[0]);
        close(pair[1]);
    }
    int fd = h->event_fd;
    pthread_mutex_unlock(&h->event_lock);
    return fd;
}

EXPORT int xs_fileno(struct xs_handle *h) { return event_socket(h); }

EXPORT bool xs_watch(struct xs_handle *h, const char *path, const char *token) {
    return event_socket(h) >= 0 && tell(h, OP_XS_WATCH, 0, path, token, strlen(token) + 1);
}

EXPORT bool xs_unwatch(struct xs_handle *h, const char *path, const char *token) {
    return tell(h, OP_XS_UNWATCH, 0, path, token, strlen(token) + 1);
}

static char **next_event(struct xs_handle *h, int flags) {
    char packed[8192];
    int fd = event_socket(h);
    if (fd < 0)
        return NULL;
    ssize_t n;
    do
        n = recv(fd, packed, sizeof(packed), flags);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        return string_vector(packed, (size_t)n, 2);
    if (n == 0)
        errno = EIO; /* the machine is gone */
    return NULL;
}

EXPORT char **xs_check_watch(struct xs_handle *h) { return next_event(h, MSG_DONTWAIT); }

EXPORT char **xs_read_watch(struct xs_handle *h, unsigned int *num) {
    char **vector = next_event(h, 0);
    if (vector != NULL)
        *num = 2;
    return vector;
}

EXPORT xs_transaction_t xs_transaction_start(struct xs_handle *h) {
    struct reply reply;
    return link_ask(&h->link, OP_XS_START, 0, 0, &reply) == 0 ? reply.value[0] : XBT_NULL;
}

EXPORT bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort) {
    return link_ask(&h->link, OP_XS_END, t, abort, NULL) == 0;
}

EXPORT bool xs_introduce_domain(struct xs_handle *h, unsigned int domid, unsigned long mfn,
                                unsigned int eventchn) {
    (void)mfn; /* the store of a simulated domain is not reached through a ring */
    (void)eventchn;
    return link_ask(&h->link, OP_XS_INTRODUCE, domid, 0, NULL) == 0;
}

EXPORT bool xs_release_domain(struct xs_handle *h, unsigned int domid) {
    return link_ask(&h->link, OP_XS_RELEASE, domid, 0, NULL) == 0;
}

EXPORT char *xs_get_domain_path(struct xs_handle *h, unsigned int domid) {
    (void)h;
    char *path = NULL;
    return asprintf(&path, "/local/domain/%u", domid) < 0 ? NULL : path;
}

EXPORT bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid) {
    struct reply reply;
    return link_ask(&h->link, OP_XS_INTRODUCED, domid, 0, &reply) == 0 && reply.value[0] != 0;
}
