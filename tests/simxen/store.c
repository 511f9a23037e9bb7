#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

static bool put(struct xs_handle *xs, xs_transaction_t t, const char *path, const char *value) {
    return xs_write(xs, t, path, value, (unsigned int)strlen(value));
}

static bool holds(struct xs_handle *xs, xs_transaction_t t, const char *path, const char *value) {
    unsigned int len = 99;
    char *got = xs_read(xs, t, path, &len);
    bool same = got != NULL && len == strlen(value) && strcmp(got, value) == 0;
    free(got);
    return same;
}

TEST(values_are_kept_and_listed) {
    struct xs_handle *xs = xs_open(0);
    unsigned int count, len;
    CHECK(put(xs, XBT_NULL, "/a/b/c", "1"));
    CHECK(holds(xs, XBT_NULL, "/a/b/c", "1") && holds(xs, XBT_NULL, "/a/b", ""));
    CHECK(xs_write(xs, XBT_NULL, "/a/bytes", "\0x\0", 3));
    char *bytes = xs_read(xs, XBT_NULL, "/a/bytes", &len);
    CHECK(len == 3 && memcmp(bytes, "\0x\0", 4) == 0);
    free(bytes);
    CHECK(xs_mkdir(xs, XBT_NULL, "/a/b") && holds(xs, XBT_NULL, "/a/b/c", "1"));
    char **names = xs_directory(xs, XBT_NULL, "/a", &count);
    CHECK(count == 2 && strcmp(names[0], "b") == 0 && strcmp(names[1], "bytes") == 0);
    free(names);
    CHECK(xs_rm(xs, XBT_NULL, "/a/b"));
    CHECK_FAILS(ENOENT, xs_read(xs, XBT_NULL, "/a/b/c", &len) == NULL);
    CHECK(xs_rm(xs, XBT_NULL, "/a/b")); /* already gone */
    CHECK_FAILS(ENOENT, !xs_rm(xs, XBT_NULL, "/x/y/z"));
    CHECK_FAILS(ENOENT, xs_directory(xs, XBT_NULL, "/a/b", &count) == NULL);
    names = xs_directory(xs, XBT_NULL, "/a/bytes", &count);
    CHECK(names != NULL && count == 0);
    free(names);
    static const char *const bad[] = {"", "/a/", "//a", "/a b", "/a//b"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_FAILS(EINVAL, !put(xs, XBT_NULL, bad[i], ""));
    char *big = calloc(1, 5000);
    CHECK_FAILS(E2BIG, !xs_write(xs, XBT_NULL, "/big", big, 5000));
    free(big);
    char *path = xs_get_domain_path(xs, 7);
    CHECK(strcmp(path, "/local/domain/7") == 0);
    free(path);
    CHECK(xs_is_domain_introduced(xs, 0) && !xs_is_domain_introduced(xs, 7));
    xs_close(xs);
}

TEST(a_watch_fires_at_once_then_for_its_path_and_all_below) {
    struct xs_handle *xs = xs_open(0), *other = xs_open(0);
    CHECK_FAILS(EAGAIN, xs_check_watch(xs) == NULL);
    CHECK(xs_watch(xs, "/w/x", "token"));
    CHECK(readable(xs_fileno(xs), 0));
    await_watch(xs, "/w/x", "token");
    CHECK(!readable(xs_fileno(xs), 0));
    CHECK_FAILS(EEXIST, !xs_watch(xs, "/w/x", "token"));
    CHECK(put(other, XBT_NULL, "/w", "above"));
    CHECK(put(other, XBT_NULL, "/w/xx", "beside"));
    CHECK(!readable(xs_fileno(xs), 0));
    CHECK(put(other, XBT_NULL, "/w/x/y/z", "below"));
    await_watch(xs, "/w/x/y/z", "token");
    CHECK(put(other, XBT_NULL, "/w/x", "itself"));
    await_watch(xs, "/w/x", "token");
    CHECK(xs_rm(other, XBT_NULL, "/w")); /* takes it along */
    await_watch(xs, "/w/x", "token");
    CHECK(!readable(xs_fileno(xs), 0));
    CHECK(xs_unwatch(xs, "/w/x", "token"));
    CHECK_FAILS(ENOENT, !xs_unwatch(xs, "/w/x", "token"));
    CHECK(put(other, XBT_NULL, "/w/x", ""));
    CHECK(!readable(xs_fileno(xs), 0));
    xs_close(xs);
    xs_close(other);
}

TEST(thousands_of_events_wait_for_a_slow_watcher_in_order) {
    struct xs_handle *xs = xs_open(0), *other = xs_open(0);
    char path[32], expected[32];
    CHECK(xs_watch(xs, "/slow", "t"));
    await_watch(xs, "/slow", "t");
    for (int i = 0; i < 5000; i++) {
        snprintf(path, sizeof(path), "/slow/%d", i);
        CHECK(put(other, XBT_NULL, path, ""));
    }
    for (int i = 0; i < 5000; i++) {
        snprintf(expected, sizeof(expected), "/slow/%d", i);
        unsigned int count;
        char **event = xs_read_watch(xs, &count);
        CHECK(event != NULL && count == 2 && strcmp(event[XS_WATCH_PATH], expected) == 0);
        free(event);
    }
    CHECK_FAILS(EAGAIN, xs_check_watch(xs) == NULL);
    xs_close(xs);
    xs_close(other);
}

/* A guest's view of the store; the checks are made there. */
static void try_the_store_as_a_guest(struct process *self) {
    struct xs_handle *xs = xs_open(0);
    unsigned int len;
    char path[64], number[16];
    snprintf(number, sizeof(number), "%u", self->domid);
    CHECK(holds(xs, XBT_NULL, "domid", number));
    CHECK_FAILS(EACCES, !put(xs, XBT_NULL, "name", "me"));
    CHECK_FAILS(EACCES, !put(xs, XBT_NULL, "/tool/mine", "1"));
    CHECK_FAILS(EACCES, xs_read(xs, XBT_NULL, "/local/domain/0/secret", &len) == NULL);
    CHECK_FAILS(EACCES, xs_read(xs, XBT_NULL, "/local/domain/0/missing/x", &len) == NULL);
    CHECK_FAILS(EPERM, !xs_introduce_domain(xs, 1, 0, 0));
    CHECK(xs_watch(xs, "data", "relative") && xs_watch(xs, "/local/domain/0", "forbidden") &&
          xs_watch(xs, "@releaseDomain", "forbidden"));
    await_watch(xs, "data", "relative");
    await_watch(xs, "/local/domain/0", "forbidden");
    await_watch(xs, "@releaseDomain", "forbidden");
    CHECK(put(xs, XBT_NULL, "data/xcs/ready", "1"));
    await_watch(xs, "data/xcs/ready", "relative");
    snprintf(path, sizeof(path), "/local/domain/%u/data/xcs/ready", self->domid);
    CHECK(holds(xs, XBT_NULL, path, "1"));
    struct xs_permissions perms[2] = {{self->domid, XS_PERM_NONE}, {0, XS_PERM_READ}};
    CHECK(xs_set_permissions(xs, XBT_NULL, path, perms, 2));
    await_watch(xs, "data/xcs/ready", "relative");
    perms[0].id = 0;
    CHECK_FAILS(EPERM, !xs_set_permissions(xs, XBT_NULL, path, perms, 2));
    say(self, 0);
    hear(self);
    CHECK(!readable(xs_fileno(xs), 0));
    say(self, 0);
    hear(self);
}

TEST(a_guest_reads_and_writes_only_what_it_may) {
    struct xs_handle *xs = xs_open(0);
    char path[64];
    unsigned int count;
    CHECK(put(xs, XBT_NULL, "/local/domain/0/secret", "x"));
    struct process guest = guest_start(try_the_store_as_a_guest);
    hear(&guest);
    CHECK(put(xs, XBT_NULL, "/local/domain/0/secret", "y"));
    struct simxen_domain_config config = {0};
    uint32_t other;
    CHECK(simxen_domain_create(&config, &other) == 0 && simxen_domain_destroy(other) == 0);
    say(&guest, 0);
    hear(&guest);
    snprintf(path, sizeof(path), "/local/domain/%u/data/xcs/ready", guest.domid);
    struct xs_permissions *perms = xs_get_permissions(xs, XBT_NULL, path, &count);
    CHECK(count == 2 && perms[0].id == guest.domid && perms[0].perms == XS_PERM_NONE &&
          perms[1].id == 0 && perms[1].perms == XS_PERM_READ);
    free(perms);
    /* Domain 0 takes a node below the guest's path: the guest can no more change it. */
    struct xs_permissions own[2] = {{0, XS_PERM_NONE}, {guest.domid, XS_PERM_READ}};
    CHECK(xs_set_permissions(xs, XBT_NULL, path, own, 2));
    CHECK(put(xs, XBT_NULL, path, "2"));
    CHECK(simxen_select(machine_dir(), guest.domid) == 0);
    struct xs_handle *as_guest = xs_open(0);
    CHECK(holds(as_guest, XBT_NULL, path, "2"));
    CHECK_FAILS(EACCES, !put(as_guest, XBT_NULL, path, "3"));
    xs_close(as_guest);
    process_kill(&guest);
    xs_close(xs);
}

TEST(a_transaction_is_seen_by_others_only_when_it_ends) {
    struct xs_handle *xs = xs_open(0), *other = xs_open(0);
    CHECK(put(xs, XBT_NULL, "/t/a", "old"));
    CHECK(xs_watch(other, "/t", "w"));
    await_watch(other, "/t", "w");
    xs_transaction_t t = xs_transaction_start(xs);
    CHECK(t != XBT_NULL);
    CHECK(put(xs, t, "/t/a", "new") && put(xs, t, "/t/b/c", "made") && holds(xs, t, "/t/a", "new"));
    CHECK(holds(other, XBT_NULL, "/t/a", "old") && !holds(other, XBT_NULL, "/t/b/c", "made"));
    CHECK(!readable(xs_fileno(other), 0));
    CHECK(xs_transaction_end(xs, t, false));
    CHECK(holds(other, XBT_NULL, "/t/a", "new") && holds(other, XBT_NULL, "/t/b/c", "made"));
    await_watch(other, "/t/a", "w");
    await_watch(other, "/t/b/c", "w");
    t = xs_transaction_start(xs);
    CHECK(xs_rm(xs, t, "/t") && xs_transaction_end(xs, t, true));
    CHECK(holds(other, XBT_NULL, "/t/a", "new"));
    CHECK_FAILS(ENOENT, !xs_transaction_end(xs, t, false));
    CHECK_FAILS(ENOENT, !put(xs, t, "/t/a", "late"));
    xs_close(xs);
    xs_close(other);
}

TEST(a_transaction_fails_only_if_what_it_looked_at_has_changed) {
    struct xs_handle *xs = xs_open(0), *other = xs_open(0);
    CHECK(put(xs, XBT_NULL, "/t/a", "1") && put(xs, XBT_NULL, "/t/b", "1"));
    xs_transaction_t t = xs_transaction_start(xs);
    CHECK(holds(xs, t, "/t/a", "1") && put(xs, t, "/t/c", "1"));
    CHECK(put(other, XBT_NULL, "/t/b", "2"));
    CHECK(xs_transaction_end(xs, t, false));
    CHECK(holds(xs, XBT_NULL, "/t/b", "2") && holds(xs, XBT_NULL, "/t/c", "1"));
    t = xs_transaction_start(xs);
    CHECK(holds(xs, t, "/t/a", "1") && put(xs, t, "/t/c", "2"));
    CHECK(put(other, XBT_NULL, "/t/a", "2"));
    CHECK_FAILS(EAGAIN, !xs_transaction_end(xs, t, false));
    CHECK(holds(xs, XBT_NULL, "/t/c", "1"));
    t = xs_transaction_start(xs); /* left open: ends with the handle */
    CHECK(put(xs, t, "/t/c", "3"));
    xs_close(xs);
    CHECK(holds(other, XBT_NULL, "/t/c", "1"));
    xs_close(other);
}
