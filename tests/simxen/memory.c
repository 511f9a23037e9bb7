#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test.h"

#define RW (PROT_READ | PROT_WRITE)

/* A guest that fills two of its own frames with a letter when told to. */
static void write_frames(struct process *self) {
    xenforeignmemory_handle *memory = xenforeignmemory_open(NULL, 0);
    xen_pfn_t frames[2] = {SIMXEN_SHARED_INFO_FRAME, SIMXEN_FRAME_BASE + 9};
    char *pages = xenforeignmemory_map(memory, 0x7FF0, RW, 2, frames, NULL);
    CHECK(pages != NULL);
    CHECK_FAILS(EPERM, xenforeignmemory_map(memory, 0, RW, 1, frames, NULL) == NULL);
    for (;;) {
        memset(pages, (int)hear(self), 8192);
        say(self, 0);
    }
}

TEST(domain_0_sees_what_a_guest_writes_and_keeps_it_after_its_death) {
    struct process guest = guest_start(write_frames);
    xenforeignmemory_handle *memory = xenforeignmemory_open(NULL, 0);
    xen_pfn_t frames[3] = {SIMXEN_FRAME_BASE + 9, SIMXEN_FRAME_BASE + 2, SIMXEN_SHARED_INFO_FRAME};
    char *pages = xenforeignmemory_map(memory, guest.domid, RW, 3, frames, NULL);
    CHECK(pages != NULL);
    for (int i = 0; i < 3 * 4096; i++)
        CHECK(pages[i] == 0);
    say(&guest, 'A');
    hear(&guest);
    CHECK(pages[0] == 'A' && pages[4096] == 0 && pages[8192 + 4095] == 'A');
    process_kill(&guest);
    CHECK(pages[0] == 'A' && pages[8192] == 'A');
    CHECK(xenforeignmemory_unmap(memory, pages, 3) == 0);
    CHECK_FAILS(ESRCH, xenforeignmemory_map(memory, guest.domid, RW, 3, frames, NULL) == NULL);
    CHECK(xenforeignmemory_close(memory) == 0);
}

TEST(a_bad_frame_is_reported_and_the_good_ones_are_mapped) {
    struct process guest = guest_start(write_frames);
    xenforeignmemory_handle *memory = xenforeignmemory_open(NULL, 0);
    xen_pfn_t frames[3] = {SIMXEN_FRAME_BASE, SIMXEN_FRAME_BASE + 16, SIMXEN_SHARED_INFO_FRAME};
    xen_pfn_t low = 1;
    int errors[3] = {7, 7, 7};
    char *pages = xenforeignmemory_map(memory, guest.domid, RW, 3, frames, errors);
    CHECK(pages != NULL);
    CHECK(errors[0] == 0 && errors[1] == -EINVAL && errors[2] == 0);
    say(&guest, 'B');
    hear(&guest);
    CHECK(pages[0] == 0 && pages[8192] == 'B');
    CHECK(xenforeignmemory_unmap(memory, pages, 3) == 0);
    CHECK_FAILS(EINVAL, xenforeignmemory_map(memory, guest.domid, RW, 3, frames, NULL) == NULL);
    CHECK_FAILS(EINVAL, xenforeignmemory_map(memory, guest.domid, RW, 1, &low, NULL) == NULL);
    CHECK_FAILS(ESRCH, xenforeignmemory_map(memory, 999, RW, 1, &low, errors) == NULL);
    CHECK(xenforeignmemory_close(memory) == 0);
    process_kill(&guest);
}

TEST(ten_thousand_frames_are_mapped_in_one_call) {
    enum { COUNT = 10000 };
    static xen_pfn_t frames[COUNT];
    static int errors[COUNT];
    struct simxen_domain_config config = {.nr_pages = COUNT};
    uint32_t domid;
    CHECK(simxen_domain_create(&config, &domid) == 0);
    for (xen_pfn_t i = 0; i < COUNT; i++)
        frames[i] = SIMXEN_FRAME_BASE + i;
    xenforeignmemory_handle *memory = xenforeignmemory_open(NULL, 0);
    char *pages = xenforeignmemory_map(memory, domid, RW, COUNT, frames, errors);
    CHECK(pages != NULL);
    for (size_t i = 0; i < COUNT; i++)
        CHECK(errors[i] == 0);
    pages[(size_t)(COUNT - 1) * 4096] = 1;
    CHECK(xenforeignmemory_unmap(memory, pages, COUNT) == 0);
    CHECK(xenforeignmemory_close(memory) == 0);
}

TEST(a_reused_domid_has_fresh_memory) {
    xenforeignmemory_handle *memory = xenforeignmemory_open(NULL, 0);
    struct simxen_domain_config config = {.domid = 42};
    xen_pfn_t frame = SIMXEN_SHARED_INFO_FRAME;
    for (int life = 0; life < 3; life++) {
        struct process guest = guest_start_as(&config, write_frames);
        CHECK(guest.domid == 42);
        char *page = xenforeignmemory_map(memory, 42, RW, 1, &frame, NULL);
        CHECK(page != NULL && page[100] == 0);
        say(&guest, 'C');
        hear(&guest);
        CHECK(page[100] == 'C');
        CHECK(xenforeignmemory_unmap(memory, page, 1) == 0);
        process_kill(&guest);
    }
    CHECK(xenforeignmemory_close(memory) == 0);
}

/* A guest program that shares a page, with notification at byte 4095 and on a port for domain 0. */
static void share_a_page(struct process *self) {
    xengntshr_handle *shares = xengntshr_open(NULL, 0);
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    int port = xenevtchn_bind_unbound_port(xce, 0);
    uint32_t ref;
    char *page = xengntshr_share_page_notify(shares, 0, &ref, 1, 4095, (uint32_t)port);
    CHECK(page != NULL);
    CHECK(page[0] == 0 && page[4095] == 0);
    page[0] = 'S';
    page[4095] = 1;
    say(self, ref);
    say(self, (uint32_t)port);
    if (hear(self) == 'u')
        CHECK(xengntshr_unshare(shares, page, 1) == 0);
    say(self, 0);
    hear(self);
}

/* Programs of one living domain: kept apart from the life of its kernel. */
static uint32_t living_domain(void) {
    struct simxen_domain_config config = {0};
    uint32_t domid;
    CHECK(simxen_domain_create(&config, &domid) == 0);
    return domid;
}

static struct process program_of(uint32_t domid, void (*body)(struct process *self)) {
    CHECK(simxen_select(machine_dir(), domid) == 0);
    struct process program = process_start(body);
    CHECK(simxen_select(machine_dir(), 0) == 0);
    return program;
}

TEST(a_shared_page_is_mapped_by_reference_and_outlives_its_program) {
    uint32_t domid = living_domain();
    xengnttab_handle *grants = xengnttab_open(NULL, 0);
    for (int round = 0; round < 3; round++) {
        struct process program = program_of(domid, share_a_page);
        uint32_t ref = hear(&program);
        CHECK(ref == 8); /* the same one each time, as on Xen */
        CHECK(hear(&program) == 2);
        char *page = xengnttab_map_grant_ref(grants, domid, ref, RW);
        CHECK(page != NULL && page[0] == 'S' && page[4095] == 1);
        process_kill(&program);
        while (*(volatile char *)(page + 4095) != 0)
            CHECK(page[0] == 'S');
        CHECK(xengnttab_unmap(grants, page, 1) == 0);
        CHECK_FAILS(EINVAL, xengnttab_map_grant_ref(grants, domid, ref, RW) == NULL);
    }
    CHECK(xengnttab_close(grants) == 0);
}

TEST(a_grant_given_up_while_mapped_can_be_mapped_until_it_is_unmapped) {
    uint32_t domid = living_domain();
    xengnttab_handle *grants = xengnttab_open(NULL, 0);
    struct process program = program_of(domid, share_a_page);
    uint32_t ref = hear(&program);
    hear(&program);
    char *page = xengnttab_map_grant_ref(grants, domid, ref, RW);
    say(&program, 'u');
    hear(&program);
    char *again = xengnttab_map_grant_ref(grants, domid, ref, PROT_READ);
    CHECK(again != NULL && again[0] == 'S');
    CHECK(xengnttab_unmap(grants, page, 1) == 0 && xengnttab_unmap(grants, again, 1) == 0);
    CHECK_FAILS(EINVAL, xengnttab_map_grant_ref(grants, domid, ref, RW) == NULL);
    CHECK(xengnttab_close(grants) == 0);
    process_kill(&program);
}

TEST(a_program_that_unshares_sends_the_event_one_that_is_killed_does_not) {
    uint32_t domid = living_domain();
    for (int unshares = 0; unshares < 2; unshares++) {
        struct process program = program_of(domid, share_a_page);
        uint32_t ref = hear(&program), far = hear(&program);
        xengnttab_handle *grants = xengnttab_open(NULL, 0);
        volatile char *page = xengnttab_map_grant_ref(grants, domid, ref, RW);
        xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
        uint32_t port = (uint32_t)xenevtchn_bind_interdomain(xce, domid, far);
        CHECK(next_port(xce) == port && xenevtchn_unmask(xce, port) == 0);
        if (unshares) {
            say(&program, 'u');
            CHECK(next_port(xce) == port);
        }
        process_kill(&program);
        while (page[4095] != 0)
            ;
        CHECK(!readable(xenevtchn_fd(xce), 0));
        CHECK(xenevtchn_close(xce) == 0 && xengnttab_close(grants) == 0);
        munmap((char *)page, 4096);
    }
}

static void map_with_notify(struct process *self) {
    uint32_t domid = hear(self), ref = hear(self), far = hear(self);
    /* The kernel closes what a killed process had open in an order of its own: the port must be
     * signalled whichever handle goes first. */
    xengnttab_handle *grants = far % 2 ? xengnttab_open(NULL, 0) : NULL;
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    uint32_t port = (uint32_t)xenevtchn_bind_interdomain(xce, domid, far);
    if (grants == NULL)
        grants = xengnttab_open(NULL, 0);
    char *page = xengnttab_map_grant_ref_notify(grants, domid, ref, RW, 17, port);
    CHECK(page != NULL);
    page[17] = 1;
    say(self, 0);
    hear(self);
}

static void share_and_wait_for_unmap(struct process *self) {
    xengntshr_handle *shares = xengntshr_open(NULL, 0);
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    uint32_t port = (uint32_t)xenevtchn_bind_unbound_port(xce, 0), ref;
    if (self->domid % 2) /* an odd port in every other round */
        port = (uint32_t)xenevtchn_bind_unbound_port(xce, 0);
    volatile char *page = xengntshr_share_pages(shares, 0, 1, &ref, 1);
    say(self, ref);
    say(self, port);
    hear(self);
    CHECK(page[17] == 1);
    say(self, 0);
    CHECK(next_port(xce) == port);
    CHECK(page[17] == 0);
    say(self, 0);
    hear(self);
}

TEST(a_guest_learns_by_byte_and_event_that_a_killed_daemon_unmapped) {
    for (int round = 0; round < 20; round++) {
        struct process guest = guest_start(share_and_wait_for_unmap);
        uint32_t ref = hear(&guest), port = hear(&guest);
        struct process daemon = process_start(map_with_notify);
        say(&daemon, guest.domid);
        say(&daemon, ref);
        say(&daemon, port);
        hear(&daemon);
        say(&guest, 0);
        hear(&guest);
        process_kill(&daemon);
        hear(&guest);
        process_kill(&guest);
    }
}

static void share_many(struct process *self) {
    uint32_t refs[64];
    xengntshr_handle *shares = xengntshr_open(NULL, 0);
    char *pages = xengntshr_share_pages(shares, 0, 64, refs, 0);
    CHECK(pages != NULL);
    for (int i = 0; i < 64; i++) {
        pages[i * 4096] = (char)i;
        say(self, refs[i]);
    }
    CHECK_FAILS(ENOSPC, xengntshr_share_pages(shares, 0, 1024, refs, 0) == NULL);
    hear(self);
}

TEST(many_read_only_grants_are_mapped_in_the_order_asked_for) {
    struct process guest = guest_start(share_many);
    uint32_t refs[64], domids[64];
    for (int i = 63; i >= 0; i--) {
        refs[i] = hear(&guest);
        domids[i] = guest.domid;
    }
    xengnttab_handle *grants = xengnttab_open(NULL, 0);
    CHECK(xengnttab_set_max_grants(grants, 64) == 0);
    CHECK_FAILS(EINVAL, xengnttab_map_grant_ref(grants, guest.domid, refs[0], RW) == NULL);
    CHECK_FAILS(EINVAL, xengnttab_map_grant_ref(grants, guest.domid, 5, PROT_READ) == NULL);
    CHECK_FAILS(EINVAL, xengnttab_map_grant_ref(grants, guest.domid, 1u << 30, PROT_READ) == NULL);
    CHECK_FAILS(EINVAL, xengnttab_map_grant_ref(grants, 999, 8, PROT_READ) == NULL);
    char *one = xengnttab_map_domain_grant_refs(grants, 64, guest.domid, refs, PROT_READ);
    char *two = xengnttab_map_grant_refs(grants, 64, domids, refs, PROT_READ);
    CHECK(one != NULL && two != NULL);
    for (int i = 0; i < 64; i++)
        CHECK(one[i * 4096] == 63 - i && two[i * 4096] == 63 - i);
    CHECK_FAILS(EINVAL, xengnttab_unmap(grants, one + 4096, 64) == -1);
    CHECK(xengnttab_unmap(grants, one, 64) == 0 && xengnttab_unmap(grants, two, 64) == 0);
    CHECK(xengnttab_close(grants) == 0);
    process_kill(&guest);
}

TEST(domain_0_may_grant_too) {
    xengntshr_handle *shares = xengntshr_open(NULL, 0);
    xengnttab_handle *grants = xengnttab_open(NULL, 0);
    uint32_t ref;
    char *here = xengntshr_share_pages(shares, 0x7FF0, 1, &ref, 1);
    char *there = xengnttab_map_grant_ref(grants, 0, ref, RW);
    CHECK(here != NULL && there != NULL && here != there);
    here[5] = 5;
    CHECK(there[5] == 5);
    CHECK(xengnttab_unmap(grants, there, 1) == 0 && xengntshr_unshare(shares, here, 1) == 0);
    CHECK(xengnttab_close(grants) == 0 && xengntshr_close(shares) == 0);
}
