/* The tree of xenstore. A node that several trees share (the live one and transactions' views of
 * it) is never changed: whoever changes it takes a copy first. */
#ifndef SIMXEN_STORE_H
#define SIMXEN_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xenstore.h"

#define STORE_PATH_MAX 3072

struct node {
    uint32_t refs;
    uint32_t nr_perms;
    uint32_t nr_children;
    uint32_t room;
    uint64_t generation; /* of its last change; never repeats */
    size_t len;
    char *value;
    struct xs_permissions *perms; /* the first names the owner, and what all others may */
    struct node **children;       /* by name */
    char name[];
};

struct node *node_new_root(void);
struct node *node_share(struct node *node);
void node_release(struct node *node);
const struct node *node_find(const struct node *root, const char *path);
/* The deepest existing node on the way to path. */
const struct node *node_nearest(const struct node *root, const char *path);
/* A node that may be changed; made, with those above it, if missing. New nodes inherit their
 * parent's permissions, but belong to owner unless that is 0. */
struct node *node_change(struct node **root, const char *path, uint32_t owner);
void node_remove(struct node **root, const char *path);
void node_set_value(struct node *node, const void *value, size_t len);
void node_set_perms(struct node *node, const struct xs_permissions *perms, uint32_t count);
unsigned int node_perms_for(const struct node *node, uint32_t domid);

#endif
