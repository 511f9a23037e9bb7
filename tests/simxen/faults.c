#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

static uint32_t s_domid;

static void make_domain(void) {
    struct simxen_domain_config config = {0};
    CHECK(simxen_domain_create(&config, &s_domid) == 0);
}

static uint32_t inject(struct simxen_fault fault) {
    uint32_t id;
    CHECK(simxen_fault_set(&fault, &id) == 0);
    return id;
}

static struct simxen_fault look(uint32_t id) {
    struct simxen_fault faults[64];
    int count = simxen_fault_list(faults, 64);
    for (int i = 0; i < count; i++)
        if (faults[i].id == id)
            return faults[i];
    CHECK(!"the fault is listed");
    abort();
}

TEST(the_next_two_maps_fail_as_told_and_the_third_succeeds) {
    make_domain();
    xenforeignmemory_handle *memory = xenforeignmemory_open(NULL, 0);
    xen_pfn_t frame = SIMXEN_SHARED_INFO_FRAME;
    uint32_t id = inject((struct simxen_fault){
        .kind = SIMXEN_FAULT_MAP, .domid = s_domid, .error = ENOMEM, .count = 2});
    CHECK_FAILS(ENOMEM, !xenforeignmemory_map(memory, s_domid, PROT_READ, 1, &frame, NULL));
    CHECK(look(id).hits == 1 && look(id).count == 1 && !look(id).spent);
    CHECK_FAILS(ENOMEM, !xenforeignmemory_map(memory, s_domid, PROT_READ, 1, &frame, NULL));
    void *page = xenforeignmemory_map(memory, s_domid, PROT_READ, 1, &frame, NULL);
    CHECK(page != NULL && look(id).hits == 2 && look(id).spent);
    CHECK(xenforeignmemory_unmap(memory, page, 1) == 0 && xenforeignmemory_close(memory) == 0);
    CHECK(simxen_fault_clear(id) == 0);
    CHECK_FAILS(ENOENT, simxen_fault_clear(id) == -1);
}

TEST(grants_fail_to_map_and_a_revoked_one_keeps_its_mappings) {
    xengntshr_handle *shares = xengntshr_open(NULL, 0);
    xengnttab_handle *grants = xengnttab_open(NULL, 0);
    uint32_t ref;
    char *page = xengntshr_share_pages(shares, 0, 1, &ref, 1);
    inject((struct simxen_fault){.kind = SIMXEN_FAULT_GRANT_MAP, .domid = 0, .count = 1});
    CHECK_FAILS(EIO, xengnttab_map_grant_ref(grants, 0, ref, PROT_READ) == NULL);
    char *mapped = xengnttab_map_grant_ref(grants, 0, ref, PROT_READ);
    CHECK(mapped != NULL);
    inject((struct simxen_fault){.kind = SIMXEN_FAULT_REVOKE, .domid = 0, .port = ref});
    CHECK_FAILS(EINVAL, xengnttab_map_grant_ref(grants, 0, ref, PROT_READ) == NULL);
    page[1] = 1;
    CHECK(mapped[1] == 1);
    CHECK(xengnttab_unmap(grants, mapped, 1) == 0 && xengntshr_unshare(shares, page, 1) == 0);
    CHECK(xengnttab_close(grants) == 0 && xengntshr_close(shares) == 0);
}

TEST(a_domain_is_lost_from_view_until_the_fault_is_cleared) {
    make_domain();
    struct xcs_xenctrl *info = xcs_xenctrl_open();
    struct xcs_domain_info list[4];
    uint32_t id = inject((struct simxen_fault){.kind = SIMXEN_FAULT_INFO, .domid = s_domid});
    CHECK(xcs_xenctrl_domain_list(info, 0, list, 4) == 1);
    CHECK_FAILS(ESRCH, xcs_xenctrl_domain_info(info, s_domid, list) == -1);
    CHECK(simxen_fault_clear(id) == 0);
    CHECK(xcs_xenctrl_domain_list(info, 0, list, 4) == 2);
    xcs_xenctrl_close(info);
}

TEST(a_zombie_stays_listed_as_dying_and_its_number_taken) {
    make_domain();
    struct xcs_xenctrl *info = xcs_xenctrl_open();
    struct xcs_domain_info domain;
    struct simxen_domain_config again = {.domid = s_domid};
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    CHECK(xenevtchn_bind_interdomain(xce, s_domid, 1) > 0);
    uint32_t domid;
    inject((struct simxen_fault){.kind = SIMXEN_FAULT_ZOMBIE, .domid = s_domid});
    CHECK(simxen_domain_destroy(s_domid) == 0);
    CHECK(xcs_xenctrl_domain_info(info, s_domid, &domain) == 0);
    CHECK(domain.flags & XCS_DOMAIN_DYING);
    CHECK_FAILS(ESRCH, xenevtchn_bind_interdomain(xce, s_domid, 1) == -1);
    CHECK_FAILS(EEXIST, simxen_domain_create(&again, &domid) == -1);
    CHECK(simxen_fault_clear(SIMXEN_ANY_DOMID) == 0);
    CHECK_FAILS(ESRCH, xcs_xenctrl_domain_info(info, s_domid, &domain) == -1);
    CHECK(simxen_domain_create(&again, &domid) == 0);
    CHECK(xenevtchn_close(xce) == 0);
    xcs_xenctrl_close(info);
}

TEST(binding_and_the_store_fail_as_told) {
    make_domain();
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    inject((struct simxen_fault){
        .kind = SIMXEN_FAULT_BIND, .domid = s_domid, .error = ENOSPC, .count = 1});
    CHECK_FAILS(ENOSPC, xenevtchn_bind_interdomain(xce, s_domid, 1) == -1);
    CHECK(xenevtchn_bind_interdomain(xce, s_domid, 1) > 0);
    CHECK(xenevtchn_close(xce) == 0);
    struct xs_handle *xs = xs_open(0);
    uint32_t id = inject((struct simxen_fault){.kind = SIMXEN_FAULT_STORE, .path = "/tool/xcs"});
    CHECK_FAILS(EACCES, !xs_write(xs, XBT_NULL, "/tool/xcs", "", 0));
    CHECK_FAILS(EACCES, !xs_write(xs, XBT_NULL, "/tool/xcs/a/b", "", 0));
    CHECK_FAILS(EACCES, !xs_watch(xs, "/tool/xcs/a", "t"));
    CHECK(xs_write(xs, XBT_NULL, "/tool/xcsd", "", 0));
    CHECK(look(id).hits == 3);
    CHECK(simxen_fault_clear(id) == 0);
    CHECK(xs_write(xs, XBT_NULL, "/tool/xcs/a/b", "", 0));
    xs_close(xs);
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

TEST(a_storm_signals_as_fast_as_told_and_only_while_unmasked) {
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    uint32_t port = (uint32_t)xenevtchn_bind_unbound_port(xce, 0);
    uint32_t id = inject((struct simxen_fault){.kind = SIMXEN_FAULT_STORM, .port = port});
    for (int i = 0; i < 1000; i++) {
        CHECK(next_port(xce) == port && !readable(xenevtchn_fd(xce), 0));
        CHECK(xenevtchn_unmask(xce, port) == 0);
    }
    CHECK(next_port(xce) == port);
    CHECK(look(id).hits == 1001);
    CHECK(simxen_fault_clear(id) == 0 && xenevtchn_unmask(xce, port) == 0);
    CHECK(!readable(xenevtchn_fd(xce), 0));
    inject((struct simxen_fault){
        .kind = SIMXEN_FAULT_STORM, .port = port, .rate = 1000, .count = 100});
    double start = seconds();
    for (int i = 0; i < 100; i++)
        CHECK(next_port(xce) == port && xenevtchn_unmask(xce, port) == 0);
    CHECK(seconds() - start > 0.09);
    CHECK(xenevtchn_close(xce) == 0);
    struct simxen_fault bad = {.kind = SIMXEN_FAULT_STORM, .port = 9};
    CHECK_FAILS(EINVAL, simxen_fault_set(&bad, NULL) == -1);
}
