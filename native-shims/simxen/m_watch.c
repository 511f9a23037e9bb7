/* Watches. Found by hash of the path they are on: an event looks up its own path and those above
 * it, so that the cost of a write does not grow with the number of watches. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "machine.h"

#define BUCKETS 16384u
#define MAX_GUEST_WATCHES 128u /* xenstored's default quota */

struct watch {
    struct watch *next_in_bucket;
    struct watch *next; /* of the same connection */
    struct connection *from;
    size_t skip; /* how much of a path is left out of events: the watch was on a relative one */
    char *token;
    char path[];
};

static struct watch *s_buckets[BUCKETS];

static struct watch **bucket_of(const char *path, size_t len) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)path[i]) * 16777619u;
    return &s_buckets[hash % BUCKETS];
}

static bool is_on(const struct watch *watch, const char *path, size_t len) {
    return strncmp(watch->path, path, len) == 0 && watch->path[len] == '\0';
}

static void on_writable(struct source *source, uint32_t events) {
    struct connection *c =
        (struct connection *)((char *)source - offsetof(struct connection, event_source));
    if (c->event_fd < 0)
        return; /* ended by an earlier event of this round */
    /* Also comes when the client has closed its end: no more can be sent then. */
    bool broken = events & (EPOLLERR | EPOLLHUP);
    while (c->events != NULL) {
        struct event_line *line = c->events;
        if (!broken && send(c->event_fd, line->bytes, line->len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
            (errno == EAGAIN || errno == ENOBUFS))
            return;
        c->events = line->next;
        free(line);
    }
    epoll_ctl(g_machine.epoll, EPOLL_CTL_DEL, c->event_fd, NULL);
}

static void queue_event(struct connection *c, const char *bytes, size_t len) {
    struct event_line *line = malloc(sizeof(*line) + len);
    if (line == NULL)
        abort();
    line->next = NULL;
    line->len = len;
    memcpy(line->bytes, bytes, len);
    if (c->events == NULL) {
        c->event_source.ready = on_writable;
        source_add(c->event_fd, &c->event_source, EPOLLOUT);
        c->events_tail = &c->events;
    }
    *c->events_tail = line;
    c->events_tail = &line->next;
}

static void send_event(const struct watch *watch, const char *path) {
    static char packed[2 * STORE_PATH_MAX + 16];
    struct connection *c = watch->from;
    if (c->event_fd < 0)
        return;
    /* An event on a node above a relative watch can not happen: only those below are sent. */
    const char *shown = path + watch->skip;
    size_t path_len = strlen(shown) + 1, len = path_len + strlen(watch->token) + 1;
    memcpy(packed, shown, path_len);
    memcpy(packed + path_len, watch->token, len - path_len);
    if (c->events != NULL || (send(c->event_fd, packed, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
                              (errno == EAGAIN || errno == ENOBUFS)))
        queue_event(c, packed, len);
}

static void fire_on(const char *watched, size_t len, const char *path, const struct node *node) {
    for (struct watch *w = *bucket_of(watched, len); w != NULL; w = w->next_in_bucket) {
        if (!is_on(w, watched, len))
            continue;
        uint32_t domid = w->from->domid;
        /* A watch must not tell what a read would refuse to. */
        bool may = node == NULL ? domid == 0 : node_perms_for(node, domid) & XS_PERM_READ;
        if (may)
            send_event(w, path);
    }
}

void watch_fire(const char *path, const struct node *node, bool exact) {
    size_t len = strlen(path);
    fire_on(path, len, path, node);
    if (exact || path[0] != '/' || len == 1)
        return;
    while (--len > 0)
        if (path[len] == '/')
            fire_on(path, len, path, node);
    fire_on("/", 1, path, node);
}

int op_xs_events(struct exchange *x) {
    if (x->fd < 0 || x->from->event_fd >= 0)
        return EINVAL;
    x->from->event_fd = x->fd;
    x->fd = -1;
    return 0;
}

/* The path as given, and the token after it. */
static const char *token_of(const struct exchange *x) {
    size_t len = strlen(x->in) + 1;
    return len < x->in_len ? x->in + len : NULL;
}

int op_xs_watch(struct exchange *x) {
    char path[STORE_PATH_MAX + 1];
    const char *token = token_of(x);
    struct connection *c = x->from;
    if (token == NULL || strlen(token) > STORE_PATH_MAX || c->event_fd < 0)
        return EINVAL;
    int error = store_resolve(path, sizeof(path), x->in, c->domid);
    if (error == 0)
        error = fault_strikes_path(path);
    if (error != 0)
        return error;
    uint32_t count = 0;
    for (struct watch *w = c->watches; w != NULL; w = w->next, count++)
        if (strcmp(w->path, path) == 0 && strcmp(w->token, token) == 0)
            return EEXIST;
    if (c->domid != 0 && count >= MAX_GUEST_WATCHES)
        return ENOSPC;
    size_t path_len = strlen(path) + 1, token_len = strlen(token) + 1;
    struct watch *w = malloc(sizeof(*w) + path_len + token_len);
    if (w == NULL)
        return ENOMEM;
    memcpy(w->path, path, path_len);
    w->token = w->path + path_len;
    memcpy(w->token, token, token_len);
    w->from = c;
    w->skip = x->in[0] == '/' || x->in[0] == '@' ? 0 : strlen(path) - strlen(x->in);
    struct watch **bucket = bucket_of(path, path_len - 1);
    w->next_in_bucket = *bucket;
    *bucket = w;
    w->next = c->watches;
    c->watches = w;
    /* At once, and whether or not the node exists: the watcher looks for itself then. */
    send_event(w, path);
    return 0;
}

static void drop(struct watch **at) {
    struct watch *w = *at;
    struct watch **in = bucket_of(w->path, strlen(w->path));
    while (*in != w)
        in = &(*in)->next_in_bucket;
    *in = w->next_in_bucket;
    *at = w->next;
    free(w);
}

int op_xs_unwatch(struct exchange *x) {
    char path[STORE_PATH_MAX + 1];
    const char *token = token_of(x);
    int error = token == NULL ? EINVAL : store_resolve(path, sizeof(path), x->in, x->from->domid);
    if (error != 0)
        return error;
    for (struct watch **at = &x->from->watches; *at != NULL; at = &(*at)->next)
        if (strcmp((*at)->path, path) == 0 && strcmp((*at)->token, token) == 0) {
            drop(at);
            return 0;
        }
    return ENOENT;
}

void watch_release_connection(struct connection *c) {
    while (c->watches != NULL)
        drop(&c->watches);
    while (c->events != NULL) {
        struct event_line *line = c->events;
        c->events = line->next;
        free(line);
    }
}
