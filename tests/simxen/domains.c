#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

static void wait_for_the_end(struct process *self) { hear(self); }

static bool exists(struct xs_handle *xs, const char *path) {
    unsigned int len;
    char *value = xs_read(xs, XBT_NULL, path, &len);
    free(value);
    return value != NULL;
}

TEST(a_domain_appears_in_store_and_list_and_disappears_with_its_process) {
    struct xs_handle *xs = xs_open(0);
    struct xcs_xenctrl *info = xcs_xenctrl_open();
    struct xcs_domain_info domain;
    CHECK(xs_watch(xs, "@introduceDomain", "in") && xs_watch(xs, "@releaseDomain", "out"));
    await_watch(xs, "@introduceDomain", "in");
    await_watch(xs, "@releaseDomain", "out");
    struct simxen_domain_config config = {.name = "guest", .flags = SIMXEN_CREATE_CLASSIC};
    struct process guest = guest_start_as(&config, wait_for_the_end);
    CHECK(guest.domid == 1);
    await_watch(xs, "@introduceDomain", "in");
    CHECK(exists(xs, "/local/domain/1/name") && exists(xs, "/local/domain/1/data") &&
          exists(xs, "/tool/xcs/classic/1"));
    CHECK(xcs_xenctrl_domain_info(info, 1, &domain) == 0);
    CHECK(domain.domid == 1 && domain.flags == XCS_DOMAIN_RUNNING && domain.nr_pages == 16 &&
          domain.shared_info_frame == SIMXEN_SHARED_INFO_FRAME);
    process_kill(&guest);
    await_watch(xs, "@releaseDomain", "out");
    CHECK(!exists(xs, "/local/domain/1") && !exists(xs, "/local/domain/1/name") &&
          !exists(xs, "/tool/xcs/classic/1"));
    CHECK_FAILS(ESRCH, xcs_xenctrl_domain_info(info, 1, &domain) == -1);
    guest = guest_start(wait_for_the_end);
    CHECK(guest.domid == 2); /* numbers rise */
    process_kill(&guest);
    xcs_xenctrl_close(info);
    xs_close(xs);
}

TEST(domain_0_has_a_control_channel_of_its_own_where_the_machine_says_so) {
    struct xs_handle *xs = xs_open(0);
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    CHECK(!exists(xs, "/tool/xcs/classic/0"));
    CHECK_FAILS(EINVAL, simxen_evtchn_claim(xce, SIMXEN_CONTROL_PORT) == -1);
    CHECK(simxen_select(machine_start_another("--classic"), 0) == 0);
    struct xs_handle *other = xs_open(0);
    xenevtchn_handle *kernel = xenevtchn_open(NULL, 0), *daemon = xenevtchn_open(NULL, 0);
    CHECK(exists(other, "/tool/xcs/classic/0"));
    CHECK(simxen_evtchn_claim(kernel, SIMXEN_CONTROL_PORT) == 0);
    int port = xenevtchn_bind_interdomain(daemon, 0, SIMXEN_CONTROL_PORT);
    CHECK(port > 0 && next_port(daemon) == (uint32_t)port);
    CHECK(xenevtchn_unmask(daemon, (evtchn_port_t)port) == 0);
    CHECK(xenevtchn_notify(kernel, SIMXEN_CONTROL_PORT) == 0);
    CHECK(next_port(daemon) == (uint32_t)port);
    xs_close(other);
    CHECK(xenevtchn_close(kernel) == 0 && xenevtchn_close(daemon) == 0);
    machine_stop_another();
    xs_close(xs);
    CHECK(xenevtchn_close(xce) == 0);
}

TEST(a_domain_number_or_name_is_given_once) {
    struct simxen_domain_config config = {.name = "one", .domid = 7};
    uint32_t domid;
    CHECK(simxen_domain_create(&config, &domid) == 0 && domid == 7);
    CHECK_FAILS(EEXIST, simxen_domain_create(&config, &domid) == -1);
    strcpy(config.name, "two");
    CHECK_FAILS(EEXIST, simxen_domain_create(&config, &domid) == -1);
    config.domid = 0;
    CHECK(simxen_domain_create(&config, &domid) == 0 && domid == 8);
    config.domid = 0x7FF0;
    CHECK_FAILS(EINVAL, simxen_domain_create(&config, &domid) == -1);
    CHECK(simxen_domain_destroy(7) == 0);
    CHECK_FAILS(ESRCH, simxen_domain_destroy(7) == -1);
    CHECK_FAILS(EINVAL, simxen_domain_destroy(0) == -1);
}

TEST(behind_the_last_number_the_first_that_is_free_is_given) {
    struct simxen_domain_config config = {.name = "last", .domid = 0x7FEF};
    uint32_t domid;
    CHECK(simxen_domain_create(&config, &domid) == 0 && domid == 0x7FEF);
    config = (struct simxen_domain_config){.name = "first"};
    CHECK(simxen_domain_create(&config, &domid) == 0 && domid == 1);
    config = (struct simxen_domain_config){.name = "second"};
    CHECK(simxen_domain_create(&config, &domid) == 0 && domid == 2);
}

TEST(a_killed_guest_frees_the_ports_domain_0_had_with_it) {
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    struct process guest = guest_start(wait_for_the_end);
    int port = xenevtchn_bind_interdomain(xce, guest.domid, 1);
    CHECK(port == 1);
    struct xs_handle *xs = xs_open(0);
    CHECK(xs_watch(xs, "@releaseDomain", "out"));
    await_watch(xs, "@releaseDomain", "out");
    process_kill(&guest);
    await_watch(xs, "@releaseDomain", "out");
    CHECK(xenevtchn_notify(xce, 1) == 0); /* unbound now: silence */
    CHECK_FAILS(ESRCH, xenevtchn_bind_interdomain(xce, guest.domid, 1) == -1);
    CHECK(xenevtchn_unbind(xce, 1) == 0);
    xs_close(xs);
    CHECK(xenevtchn_close(xce) == 0);
}

TEST(a_process_that_outlives_its_domain_can_do_nothing_in_the_next_life) {
    struct simxen_domain_config config = {.domid = 5};
    uint32_t domid;
    CHECK(simxen_domain_create(&config, &domid) == 0);
    CHECK(simxen_select(machine_dir(), 5) == 0);
    xenevtchn_handle *old = xenevtchn_open(NULL, 0);
    struct xs_handle *xs = xs_open(0);
    CHECK(simxen_select(machine_dir(), 0) == 0);
    CHECK(simxen_domain_destroy(5) == 0 && simxen_domain_create(&config, &domid) == 0);
    CHECK_FAILS(ESRCH, xenevtchn_bind_unbound_port(old, 0) == -1);
    CHECK_FAILS(ENOTCONN, xenevtchn_notify(old, 1) == -1);
    CHECK_FAILS(ESRCH, !xs_write(xs, XBT_NULL, "data/x", "", 0));
    xs_close(xs);
    CHECK(xenevtchn_close(old) == 0);
}

TEST(a_port_left_from_a_dead_domain_does_not_signal_its_successor) {
    struct simxen_domain_config config = {.domid = 5};
    uint32_t domid;
    xenevtchn_handle *dom0 = xenevtchn_open(NULL, 0);
    CHECK(simxen_domain_create(&config, &domid) == 0);
    uint32_t port = (uint32_t)xenevtchn_bind_interdomain(dom0, 5, 1);
    CHECK(simxen_domain_destroy(5) == 0 && simxen_domain_create(&config, &domid) == 0);
    CHECK(simxen_select(machine_dir(), 5) == 0);
    xenevtchn_handle *kernel = xenevtchn_open(NULL, 0);
    CHECK(simxen_evtchn_claim(kernel, 1) == 0);
    CHECK(xenevtchn_notify(dom0, port) == 0);
    CHECK(!readable(xenevtchn_fd(kernel), 0));
    CHECK(xenevtchn_close(kernel) == 0 && xenevtchn_close(dom0) == 0);
}

TEST(a_shut_down_domain_is_listed_as_such_until_it_is_destroyed) {
    struct simxen_domain_config config = {0};
    struct xcs_domain_info domain;
    uint32_t domid;
    struct xcs_xenctrl *info = xcs_xenctrl_open();
    struct xs_handle *xs = xs_open(0);
    CHECK(simxen_domain_create(&config, &domid) == 0);
    CHECK(xs_watch(xs, "@releaseDomain", "out"));
    await_watch(xs, "@releaseDomain", "out");
    CHECK(simxen_domain_shutdown(domid, 3) == 0);
    await_watch(xs, "@releaseDomain", "out");
    CHECK(xcs_xenctrl_domain_info(info, domid, &domain) == 0);
    CHECK(domain.flags == XCS_DOMAIN_SHUTDOWN && domain.shutdown_reason == 3);
    CHECK(simxen_domain_destroy(domid) == 0);
    CHECK_FAILS(ESRCH, xcs_xenctrl_domain_info(info, domid, &domain) == -1);
    xs_close(xs);
    xcs_xenctrl_close(info);
}

TEST(four_thousand_domains_fit_in_one_machine) {
    enum { COUNT = 4000 };
    static struct xcs_domain_info list[COUNT + 2];
    struct simxen_domain_config config = {0};
    uint32_t domid;
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    for (uint32_t i = 1; i <= COUNT; i++) {
        CHECK(simxen_domain_create(&config, &domid) == 0 && domid == i);
        CHECK(xenevtchn_bind_interdomain(xce, domid, 1) == (int)i);
        CHECK(next_port(xce) == i);
    }
    struct xcs_xenctrl *info = xcs_xenctrl_open();
    CHECK(xcs_xenctrl_domain_list(info, 0, list, COUNT + 2) == COUNT + 1);
    for (uint32_t i = 0; i <= COUNT; i++)
        CHECK(list[i].domid == i);
    CHECK(xcs_xenctrl_domain_list(info, 3990, list, 5) == 5 && list[4].domid == 3994);
    struct xs_handle *xs = xs_open(0);
    unsigned int count;
    char **names = xs_directory(xs, XBT_NULL, "/local/domain", &count);
    CHECK(names != NULL && count == COUNT + 1);
    free(names);
    for (uint32_t i = 1; i <= COUNT; i++)
        CHECK(simxen_domain_destroy(i) == 0);
    CHECK(xcs_xenctrl_domain_list(info, 0, list, COUNT + 2) == 1);
    xs_close(xs);
    xcs_xenctrl_close(info);
    CHECK(xenevtchn_close(xce) == 0);
}

static void exchange_events_with_domain_0(struct process *self) {
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    CHECK(simxen_evtchn_claim(xce, 1) == 0);
    struct xs_handle *xs = xs_open(0);
    char number[16];
    for (int i = 0; i < 200; i++) {
        CHECK(next_port(xce) == 1 && xenevtchn_unmask(xce, 1) == 0);
        snprintf(number, sizeof(number), "%d", i);
        CHECK(xs_write(xs, XBT_NULL, "data/round", number, (unsigned int)strlen(number)));
        CHECK(xenevtchn_notify(xce, 1) == 0);
    }
    hear(self);
}

TEST(forty_guests_at_once_exchange_events_with_domain_0) {
    enum { GUESTS = 40 };
    struct process guests[GUESTS];
    uint32_t rounds[GUESTS + 1] = {0}, finished = 0;
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    for (uint32_t i = 0; i < GUESTS; i++) {
        guests[i] = guest_start(exchange_events_with_domain_0);
        CHECK(xenevtchn_bind_interdomain(xce, guests[i].domid, 1) == (int)i + 1);
    }
    while (finished < GUESTS) { /* the first event of each is that of binding */
        uint32_t port = next_port(xce);
        CHECK(xenevtchn_unmask(xce, port) == 0);
        CHECK(rounds[port] <= 200);
        if (rounds[port]++ == 200)
            finished++;
        else
            CHECK(xenevtchn_notify(xce, port) == 0);
    }
    for (uint32_t i = 0; i < GUESTS; i++)
        process_kill(&guests[i]);
    CHECK(xenevtchn_close(xce) == 0);
}

TEST(two_machines_run_side_by_side) {
    struct simxen_domain_config config = {.name = "same"};
    struct xs_handle *stores[2];
    uint32_t domid;
    const char *other = machine_start_another(NULL);
    for (int i = 0; i < 2; i++) {
        CHECK(simxen_select(i == 0 ? machine_dir() : other, 0) == 0);
        CHECK(simxen_domain_create(&config, &domid) == 0 && domid == 1);
        xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
        CHECK(xenevtchn_bind_interdomain(xce, 1, 1) == 1 && next_port(xce) == 1);
        CHECK(xenevtchn_close(xce) == 0);
        stores[i] = xs_open(0);
    }
    CHECK(xs_write(stores[1], XBT_NULL, "/only-here", "", 0));
    CHECK(exists(stores[1], "/only-here") && !exists(stores[0], "/only-here"));
    xs_close(stores[0]);
    xs_close(stores[1]);
    machine_stop_another();
}

static int run_tool(const char *line) {
    char command[1024];
    snprintf(command, sizeof(command), "export SIMXEN_MACHINE=%s SIMXEN=%s; %s", machine_dir(),
             simxen_path(), line);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(the_tool_runs_programs_in_domains) {
    CHECK(run_tool("$SIMXEN run --name one --classic -- sh -c '"
                   "test $SIMXEN_DOMID = 1 &&"
                   " $SIMXEN store write data/x hello &&"
                   " test $(SIMXEN_DOMID=0 $SIMXEN store read /local/domain/1/data/x) = hello &&"
                   " test $(SIMXEN_DOMID=0 $SIMXEN store read /tool/xcs/classic/1) = 1'") == 0);
    CHECK(run_tool("test \"$($SIMXEN list)\" = '0 Domain-0 0 1'") == 0);
    CHECK(run_tool("$SIMXEN create --console --domid 9 </dev/null | grep -qx 9") == 0);
    CHECK(run_tool("$SIMXEN ports 9 2>/dev/null") == 1);
    CHECK(run_tool("$SIMXEN create --count 3 --name x --domid 20 </dev/null | tr '\\n' ' ' | grep "
                   "-qx '20 21 22 '") == 0);
    CHECK(run_tool("$SIMXEN create --count 0 </dev/null 2>/dev/null") == 2);
    CHECK(run_tool("$SIMXEN store write /x y && $SIMXEN store ls / | grep -qx x &&"
                   " $SIMXEN store rm /x") == 0);
    CHECK(run_tool("$SIMXEN store read /x 2>/dev/null") == 1);
    CHECK(run_tool("$SIMXEN run 2>/dev/null") == 2);
    CHECK(run_tool("$SIMXEN run -- /nonexistent 2>/dev/null") == 1);
    CHECK(run_tool("$SIMXEN --help | grep -q usage") == 0);
    CHECK(run_tool("$SIMXEN machine $SIMXEN_MACHINE 2>&1 | grep -q 'already runs'") == 0);
}

static void run_the_example(struct process *self) {
    (void)self;
    CHECK(run_tool("exec $SIMXEN run -- $(dirname $SIMXEN)/simxen-example") == 0);
}

TEST(the_console_of_a_domain_is_reached_by_grant_0_and_by_frame) {
    struct simxen_domain_config config = {.flags = SIMXEN_CREATE_CONSOLE};
    uint32_t domid;
    CHECK(simxen_domain_create(&config, &domid) == 0);
    xengnttab_handle *grants = xengnttab_open(NULL, 0);
    xenforeignmemory_handle *memory = xenforeignmemory_open(NULL, 0);
    xen_pfn_t frame = SIMXEN_CONSOLE_FRAME;
    char *one = xengnttab_map_grant_ref(grants, domid, SIMXEN_CONSOLE_REF, 3);
    char *two = xenforeignmemory_map(memory, domid, 3, 1, &frame, NULL);
    CHECK(one != NULL && two != NULL);
    one[7] = 7;
    CHECK(two[7] == 7);
    CHECK(xengnttab_unmap(grants, one, 1) == 0 && xenforeignmemory_unmap(memory, two, 1) == 0);
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    CHECK(xenevtchn_bind_interdomain(xce, domid, SIMXEN_CONSOLE_PORT) > 0);
    struct xs_handle *xs = xs_open(0);
    CHECK(exists(xs, "/local/domain/1/console/ring-ref") &&
          exists(xs, "/local/domain/1/console/port"));
    xs_close(xs);
    CHECK(xenevtchn_close(xce) == 0 && xengnttab_close(grants) == 0);
    CHECK(xenforeignmemory_close(memory) == 0);
}

TEST(the_example_of_the_readme_works) {
    struct xs_handle *xs = xs_open(0);
    CHECK(xs_watch(xs, "/local/domain/1/data/ready", "ready"));
    struct process tool = process_start(run_the_example);
    unsigned int len;
    char *ready = NULL;
    while (ready == NULL) {
        await_watch(xs, "/local/domain/1/data/ready", "ready");
        ready = xs_read(xs, XBT_NULL, "/local/domain/1/data/ready", &len);
    }
    free(ready);
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    uint32_t port = (uint32_t)xenevtchn_bind_interdomain(xce, 1, SIMXEN_CONTROL_PORT);
    CHECK(next_port(xce) == port && xenevtchn_unmask(xce, port) == 0);
    CHECK(xenevtchn_notify(xce, port) == 0 && next_port(xce) == port);
    process_join(&tool);
    CHECK(xenevtchn_close(xce) == 0);
    xs_close(xs);
}

static void ask_for_domains(struct process *self) {
    struct xcs_xenctrl *info = xcs_xenctrl_open();
    struct xcs_domain_info found;
    uint32_t own = (uint32_t)hear(self);
    CHECK(xcs_xenctrl_domain_info(info, own, &found) == 0);
    CHECK(found.domid == own && found.shared_info_frame == SIMXEN_SHARED_INFO_FRAME);
    CHECK_FAILS(EPERM, xcs_xenctrl_domain_info(info, 0, &found) != 0);
    CHECK_FAILS(EPERM, xcs_xenctrl_domain_list(info, own, &found, 1) < 0);
    xcs_xenctrl_close(info);
    say(self, 1);
}

TEST(a_guest_may_ask_for_itself_and_for_nobody_else) {
    struct process guest = guest_start(ask_for_domains);
    say(&guest, guest.domid);
    CHECK(hear(&guest) == 1);
    process_kill(&guest);
}
