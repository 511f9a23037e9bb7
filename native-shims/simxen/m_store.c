/* xenstored's requests: paths, permissions, transactions. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

#define MAX_GUEST_TRANSACTIONS 10u
#define RELATIVE_MAX 2048u

enum change_kind { CHANGE_WRITE, CHANGE_MKDIR, CHANGE_RM, CHANGE_PERMS };

struct change {
    struct change *next;
    enum change_kind kind;
    uint32_t owner; /* of nodes it makes */
    size_t len;
    const char *data;
    char path[];
};

struct access {
    struct access *next;
    char path[];
};

/* A view of the tree as it was (base) and as the transaction has made it (root); what it looked at
 * decides whether it conflicts, what it changed is done again on the live tree. */
struct transaction {
    struct transaction *next;
    uint32_t id;
    struct node *base;
    struct node *root;
    struct access *accesses;
    struct change *changes;
    struct change **changes_tail;
};

/* Where a request reads and writes. */
struct place {
    char path[STORE_PATH_MAX + 1];
    struct node **root;
    struct transaction *transaction;
    const char *data; /* what followed the path */
    size_t len;
};

int store_resolve(char *absolute, size_t size, const char *path, uint32_t domid) {
    size_t len = strlen(path);
    bool relative = path[0] != '/' && path[0] != '@';
    if (len == 0 || (len > 1 && path[len - 1] == '/') || strstr(path, "//") != NULL ||
        len > (relative ? RELATIVE_MAX : STORE_PATH_MAX))
        return EINVAL;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)path[i]) && strchr("-/_@", path[i]) == NULL)
            return EINVAL;
    if (relative)
        snprintf(absolute, size, "/local/domain/%u/%s", domid, path);
    else
        snprintf(absolute, size, "%s", path);
    return 0;
}

static struct transaction *find_transaction(const struct connection *c, uint32_t id) {
    struct transaction *t = c->transactions;
    while (t != NULL && t->id != id)
        t = t->next;
    return t;
}

static int note_access(struct transaction *t, const char *path) {
    for (const struct access *a = t->accesses; a != NULL; a = a->next)
        if (strcmp(a->path, path) == 0)
            return 0;
    struct access *a = malloc(sizeof(*a) + strlen(path) + 1);
    if (a == NULL)
        return ENOMEM;
    strcpy(a->path, path);
    a->next = t->accesses;
    t->accesses = a;
    return 0;
}

/* Names no byte of the tree that the caller may not see: without right to the nearest existing
 * node, a missing one is refused like one that exists. */
static int locate(struct exchange *x, struct place *at, unsigned int need) {
    int error = store_resolve(at->path, sizeof(at->path), x->in, x->from->domid);
    if (error == 0 && at->path[0] != '/')
        error = EINVAL;
    if (error == 0)
        error = fault_strikes_path(at->path);
    if (error != 0)
        return error;
    size_t used = strlen(x->in) + 1;
    at->data = x->in + used;
    at->len = x->in_len > used ? x->in_len - used : 0;
    at->root = &g_machine.store;
    at->transaction = NULL;
    if (x->arg[0] != 0) {
        at->transaction = find_transaction(x->from, x->arg[0]);
        if (at->transaction == NULL)
            return ENOENT;
        at->root = &at->transaction->root;
        if ((error = note_access(at->transaction, at->path)) != 0)
            return error;
    }
    const struct node *node = node_nearest(*at->root, at->path);
    return (node_perms_for(node, x->from->domid) & need) == need ? 0 : EACCES;
}

static void fire_below(const struct node *node, const char *path) {
    char below[STORE_PATH_MAX + 1];
    for (uint32_t i = 0; i < node->nr_children; i++) {
        const struct node *child = node->children[i];
        snprintf(below, sizeof(below), "%s/%.*s", path,
                 (int)(sizeof(below) - 2 - strnlen(path, sizeof(below) - 2)), child->name);
        fire_below(child, below);
        watch_fire(below, child, true);
    }
}

static void apply(struct node **root, const struct change *change, bool fire) {
    const char *path = change->path;
    if (change->kind == CHANGE_RM) {
        const struct node *old = node_find(*root, path);
        if (old == NULL)
            return;
        /* Kept until the watchers have been told: their right to know is that to the old node. */
        struct node *gone = node_share((struct node *)old);
        node_remove(root, path);
        if (fire) {
            fire_below(gone, path);
            watch_fire(path, gone, false);
        }
        node_release(gone);
        return;
    }
    if (change->kind == CHANGE_MKDIR && node_find(*root, path) != NULL)
        return;
    struct node *node = node_change(root, path, change->owner);
    if (change->kind == CHANGE_WRITE)
        node_set_value(node, change->data, change->len);
    if (change->kind == CHANGE_PERMS)
        node_set_perms(node, (const void *)change->data,
                       (uint32_t)(change->len / sizeof(struct xs_permissions)));
    if (fire)
        watch_fire(path, node, false);
}

static int make_change(struct exchange *x, struct place *at, enum change_kind kind) {
    size_t path_len = strlen(at->path) + 1;
    size_t start = (sizeof(struct change) + path_len + 7) & ~(size_t)7;
    struct change *change = malloc(start + at->len + 1);
    if (change == NULL)
        return ENOMEM;
    change->next = NULL;
    change->kind = kind;
    change->owner = x->from->domid;
    change->len = at->len;
    change->data = (char *)change + start;
    memcpy(change->path, at->path, path_len);
    memcpy((char *)change + start, at->data, at->len);
    apply(at->root, change, at->transaction == NULL);
    if (at->transaction == NULL) {
        free(change);
    } else {
        *at->transaction->changes_tail = change;
        at->transaction->changes_tail = &change->next;
    }
    return 0;
}

int op_xs_read(struct exchange *x) {
    struct place at;
    int error = locate(x, &at, XS_PERM_READ);
    if (error != 0)
        return error;
    const struct node *node = node_find(*at.root, at.path);
    if (node == NULL)
        return ENOENT;
    if (node->len > 0)
        memcpy(x->out, node->value, node->len);
    x->out_len = node->len;
    return 0;
}

int op_xs_directory(struct exchange *x) {
    struct place at;
    int error = locate(x, &at, XS_PERM_READ);
    if (error != 0)
        return error;
    const struct node *node = node_find(*at.root, at.path);
    if (node == NULL)
        return ENOENT;
    for (uint32_t i = 0; i < node->nr_children; i++) {
        size_t len = strlen(node->children[i]->name) + 1;
        if (x->out_len + len > WIRE_PACKET_MAX - sizeof(struct reply))
            return E2BIG;
        memcpy(x->out + x->out_len, node->children[i]->name, len);
        x->out_len += len;
    }
    x->value[0] = node->nr_children;
    return 0;
}

int op_xs_get_perms(struct exchange *x) {
    struct place at;
    int error = locate(x, &at, XS_PERM_READ);
    if (error != 0)
        return error;
    const struct node *node = node_find(*at.root, at.path);
    if (node == NULL)
        return ENOENT;
    x->out_len = node->nr_perms * sizeof(*node->perms);
    memcpy(x->out, node->perms, x->out_len);
    return 0;
}

int op_xs_write(struct exchange *x) {
    struct place at;
    int error = locate(x, &at, XS_PERM_WRITE);
    return error != 0 ? error : make_change(x, &at, CHANGE_WRITE);
}

int op_xs_mkdir(struct exchange *x) {
    struct place at;
    int error = locate(x, &at, XS_PERM_WRITE);
    at.len = 0;
    return error != 0 ? error : make_change(x, &at, CHANGE_MKDIR);
}

int op_xs_rm(struct exchange *x) {
    struct place at;
    int error = locate(x, &at, XS_PERM_WRITE);
    if (error != 0)
        return error;
    if (strcmp(at.path, "/") == 0)
        return EINVAL;
    if (node_find(*at.root, at.path) == NULL) {
        /* Nothing to remove is fine if it could have been there. */
        char *slash = strrchr(at.path, '/');
        *slash = '\0';
        return node_find(*at.root, at.path) != NULL ? 0 : ENOENT;
    }
    at.len = 0;
    return make_change(x, &at, CHANGE_RM);
}

int op_xs_set_perms(struct exchange *x) {
    struct place at;
    struct xs_permissions first;
    int error = locate(x, &at, XS_PERM_OWNER);
    if (error != 0)
        return error;
    const struct node *node = node_find(*at.root, at.path);
    if (node == NULL)
        return ENOENT;
    if (at.len < sizeof(first) || at.len % sizeof(first) != 0)
        return EINVAL;
    memcpy(&first, at.data, sizeof(first));
    /* A guest may not give its nodes away: they count against its quota. */
    if (x->from->domid != 0 && first.id != node->perms[0].id)
        return EPERM;
    return make_change(x, &at, CHANGE_PERMS);
}

static void end_transaction(struct transaction *t) {
    while (t->accesses != NULL) {
        struct access *a = t->accesses;
        t->accesses = a->next;
        free(a);
    }
    while (t->changes != NULL) {
        struct change *change = t->changes;
        t->changes = change->next;
        free(change);
    }
    node_release(t->base);
    node_release(t->root);
    free(t);
}

int op_xs_start(struct exchange *x) {
    struct connection *c = x->from;
    uint32_t count = 0;
    for (const struct transaction *t = c->transactions; t != NULL; t = t->next)
        count++;
    if (c->domid != 0 && count >= MAX_GUEST_TRANSACTIONS)
        return ENOSPC;
    struct transaction *t = calloc(1, sizeof(*t));
    if (t == NULL)
        return ENOMEM;
    t->id = ++c->last_id;
    t->base = node_share(g_machine.store);
    t->root = node_share(g_machine.store);
    t->changes_tail = &t->changes;
    t->next = c->transactions;
    c->transactions = t;
    x->value[0] = t->id;
    return 0;
}

static uint64_t generation_at(const struct node *root, const char *path) {
    const struct node *node = node_find(root, path);
    return node == NULL ? 0 : node->generation;
}

static int commit(const struct transaction *t) {
    for (const struct access *a = t->accesses; a != NULL; a = a->next)
        if (generation_at(t->base, a->path) != generation_at(g_machine.store, a->path))
            return EAGAIN;
    for (const struct change *change = t->changes; change != NULL; change = change->next)
        apply(&g_machine.store, change, true);
    return 0;
}

int op_xs_end(struct exchange *x) {
    struct transaction **at = &x->from->transactions;
    while (*at != NULL && (*at)->id != x->arg[0])
        at = &(*at)->next;
    struct transaction *t = *at;
    if (t == NULL)
        return ENOENT;
    *at = t->next;
    int error = x->arg[1] ? 0 : commit(t);
    end_transaction(t);
    return error;
}

int op_xs_introduced(struct exchange *x) {
    x->value[0] = domain_named(x->arg[0], x->domain) != NULL;
    return 0;
}

int op_xs_introduce(struct exchange *x) {
    if (domain_named(x->arg[0], x->domain) == NULL)
        return ENOENT;
    watch_fire("@introduceDomain", NULL, false);
    return 0;
}

int op_xs_release(struct exchange *x) {
    if (domain_named(x->arg[0], x->domain) == NULL)
        return ENOENT;
    watch_fire("@releaseDomain", NULL, false);
    return 0;
}

void store_release_connection(struct connection *connection) {
    while (connection->transactions != NULL) {
        struct transaction *t = connection->transactions;
        connection->transactions = t->next;
        end_transaction(t);
    }
}

static void apply_live(enum change_kind kind, const char *path, const void *data, size_t len) {
    struct change *change = malloc(sizeof(*change) + strlen(path) + 1);
    if (change == NULL)
        abort();
    *change = (struct change){.kind = kind, .data = data, .len = len};
    strcpy(change->path, path);
    apply(&g_machine.store, change, true);
    free(change);
}

void store_put(const char *path, const char *value) {
    apply_live(CHANGE_WRITE, path, value, strlen(value));
}

void store_protect(const char *path, uint32_t owner, uint32_t reader) {
    struct xs_permissions perms[2] = {{owner, XS_PERM_NONE}, {reader, XS_PERM_READ}};
    apply_live(CHANGE_PERMS, path, perms, owner == reader ? sizeof(perms[0]) : sizeof(perms));
}

void store_drop(const char *path) { apply_live(CHANGE_RM, path, NULL, 0); }
