#include "store.h"

#include <stdlib.h>
#include <string.h>

static uint64_t s_generation;

/* The machine can not go on without memory, and nothing it serves could either. */
static void *need(void *memory) {
    if (memory == NULL)
        abort();
    return memory;
}

static void *copy_of(const void *bytes, size_t len) {
    void *copy = need(malloc(len + 1));
    if (len > 0)
        memcpy(copy, bytes, len);
    return copy;
}

static struct node *node_new(const char *name, size_t len, const struct xs_permissions *perms,
                             uint32_t nr_perms) {
    struct node *node = need(calloc(1, sizeof(*node) + len + 1));
    memcpy(node->name, name, len);
    node->refs = 1;
    node->generation = ++s_generation;
    node->nr_perms = nr_perms;
    node->perms = copy_of(perms, nr_perms * sizeof(*perms));
    return node;
}

struct node *node_new_root(void) {
    struct xs_permissions perms = {.id = 0, .perms = XS_PERM_READ};
    return node_new("", 0, &perms, 1);
}

struct node *node_share(struct node *node) {
    node->refs++;
    return node;
}

void node_release(struct node *node) {
    if (--node->refs > 0)
        return;
    for (uint32_t i = 0; i < node->nr_children; i++)
        node_release(node->children[i]);
    free(node->children);
    free(node->value);
    free(node->perms);
    free(node);
}

/* Makes *at a node that nobody else sees. */
static struct node *own(struct node **at) {
    struct node *old = *at;
    if (old->refs == 1)
        return old;
    struct node *copy = node_new(old->name, strlen(old->name), old->perms, old->nr_perms);
    copy->generation = old->generation;
    copy->value = copy_of(old->value, old->len);
    copy->len = old->len;
    copy->nr_children = copy->room = old->nr_children;
    copy->children = copy_of(old->children, old->nr_children * sizeof(*old->children));
    for (uint32_t i = 0; i < copy->nr_children; i++)
        copy->children[i]->refs++;
    old->refs--;
    *at = copy;
    return copy;
}

/* Where the child is, or would be inserted. */
static bool find_child(const struct node *node, const char *name, size_t len, uint32_t *index) {
    uint32_t low = 0, high = node->nr_children;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        const char *there = node->children[middle]->name;
        int order = strncmp(there, name, len);
        if (order == 0)
            order = there[len] != '\0';
        if (order == 0) {
            *index = middle;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *index = low;
    return false;
}

/* Steps over the next part of a path: its start, its length, 0 at the end. */
static size_t next_part(const char **path) {
    while (**path == '/')
        (*path)++;
    return strcspn(*path, "/");
}

static const struct node *walk(const struct node *node, const char *path, bool nearest) {
    size_t len;
    while ((len = next_part(&path)) > 0) {
        uint32_t index;
        if (!find_child(node, path, len, &index))
            return nearest ? node : NULL;
        node = node->children[index];
        path += len;
    }
    return node;
}

const struct node *node_find(const struct node *root, const char *path) {
    return walk(root, path, false);
}

const struct node *node_nearest(const struct node *root, const char *path) {
    return walk(root, path, true);
}

static void insert_child(struct node *parent, uint32_t index, struct node *child) {
    if (parent->nr_children == parent->room) {
        parent->room = parent->room * 2 + 4;
        parent->children =
            need(realloc(parent->children, parent->room * sizeof(*parent->children)));
    }
    memmove(parent->children + index + 1, parent->children + index,
            (parent->nr_children - index) * sizeof(*parent->children));
    parent->children[index] = child;
    parent->nr_children++;
    parent->generation = ++s_generation;
}

struct node *node_change(struct node **root, const char *path, uint32_t owner) {
    struct node *node = own(root);
    size_t len;
    while ((len = next_part(&path)) > 0) {
        uint32_t index;
        if (!find_child(node, path, len, &index)) {
            struct node *child = node_new(path, len, node->perms, node->nr_perms);
            if (owner != 0)
                child->perms[0].id = owner;
            insert_child(node, index, child);
        }
        node = own(&node->children[index]);
        path += len;
    }
    return node;
}

void node_remove(struct node **root, const char *path) {
    if (node_find(*root, path) == NULL)
        return;
    struct node *node = own(root);
    size_t len;
    while ((len = next_part(&path)) > 0) {
        uint32_t index;
        find_child(node, path, len, &index);
        path += len;
        if (next_part(&path) > 0) {
            node = own(&node->children[index]);
            continue;
        }
        node_release(node->children[index]);
        node->nr_children--;
        memmove(node->children + index, node->children + index + 1,
                (node->nr_children - index) * sizeof(*node->children));
        node->generation = ++s_generation;
    }
}

void node_set_value(struct node *node, const void *value, size_t len) {
    free(node->value);
    node->value = copy_of(value, len);
    node->len = len;
    node->generation = ++s_generation;
}

void node_set_perms(struct node *node, const struct xs_permissions *perms, uint32_t count) {
    free(node->perms);
    node->perms = copy_of(perms, count * sizeof(*perms));
    node->nr_perms = count;
    node->generation = ++s_generation;
}

unsigned int node_perms_for(const struct node *node, uint32_t domid) {
    const unsigned int all = XS_PERM_READ | XS_PERM_WRITE | XS_PERM_OWNER;
    if (domid == 0 || node->perms[0].id == domid)
        return all;
    for (uint32_t i = 1; i < node->nr_perms; i++)
        if (node->perms[i].id == domid)
            return node->perms[i].perms;
    return node->perms[0].perms;
}
