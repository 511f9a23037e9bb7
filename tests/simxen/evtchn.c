#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "evtchn_table.h"
#include "test.h"

/* A guest's kernel: takes the control port, then does what it is told. */
static void serve_control_port(struct process *self) {
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    CHECK(xce != NULL);
    CHECK(simxen_evtchn_claim(xce, SIMXEN_CONTROL_PORT) == 0);
    say(self, 0);
    for (;;) {
        switch (hear(self)) {
        case 'n':
            CHECK(xenevtchn_notify(xce, SIMXEN_CONTROL_PORT) == 0);
            say(self, 0);
            break;
        case 'w':
            say(self, next_port(xce));
            CHECK(xenevtchn_unmask(xce, SIMXEN_CONTROL_PORT) == 0);
            break;
        default:
            CHECK(xenevtchn_close(xce) == 0);
            return;
        }
    }
}

static void order(const struct process *guest, uint32_t what) {
    say(guest, what);
    CHECK(hear(guest) <= 1);
}

static struct process control_guest(void) {
    struct process guest = guest_start(serve_control_port);
    hear(&guest);
    return guest;
}

TEST(binding_marks_the_local_port_pending_once) {
    struct process guest = control_guest();
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    int port = xenevtchn_bind_interdomain(xce, guest.domid, SIMXEN_CONTROL_PORT);
    CHECK(port > 0);
    CHECK(next_port(xce) == (uint32_t)port);
    CHECK(!readable(xenevtchn_fd(xce), 0));
    CHECK(xenevtchn_close(xce) == 0);
    process_kill(&guest);
}

TEST(an_event_while_masked_is_delivered_once_after_unmask) {
    struct process guest = control_guest();
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    uint32_t port = (uint32_t)xenevtchn_bind_interdomain(xce, guest.domid, 1);
    CHECK(next_port(xce) == port);
    for (int i = 0; i < 5; i++)
        order(&guest, 'n');
    CHECK(!readable(xenevtchn_fd(xce), 0));
    CHECK(xenevtchn_unmask(xce, port) == 0);
    CHECK(next_port(xce) == port);
    CHECK(!readable(xenevtchn_fd(xce), 0));
    CHECK(xenevtchn_unmask(xce, port) == 0);
    CHECK(!readable(xenevtchn_fd(xce), 0));
    CHECK(xenevtchn_close(xce) == 0);
    process_kill(&guest);
}

/* Found by fuzz/requests.c: the machine looked for a domain of that number. */
TEST(a_port_with_a_number_that_is_no_domain_is_closed) {
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    int virq = xenevtchn_bind_virq(xce, UINT32_MAX);
    CHECK(virq > 0);
    CHECK(xenevtchn_unbind(xce, (evtchn_port_t)virq) == 0);
    int unbound = xenevtchn_bind_unbound_port(xce, UINT32_MAX - 1);
    CHECK(unbound < 0 || xenevtchn_unbind(xce, (evtchn_port_t)unbound) == 0);
    CHECK(xenevtchn_close(xce) == 0);
    xce = xenevtchn_open(NULL, 0);
    CHECK(xce != NULL);
    CHECK(xenevtchn_close(xce) == 0);
}

TEST(pending_on_a_nonblocking_fd_says_eagain) {
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    int fd = xenevtchn_fd(xce);
    CHECK(!(fcntl(fd, F_GETFL) & O_NONBLOCK));
    CHECK(fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) == 0);
    CHECK_FAILS(EAGAIN, xenevtchn_pending(xce) == -1);
    CHECK(xenevtchn_close(xce) == 0);
}

TEST(many_ports_are_read_at_once) {
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    uint32_t far[100], near[100], got[256];
    for (int i = 0; i < 100; i++) {
        far[i] = (uint32_t)xenevtchn_bind_unbound_port(xce, 0);
        near[i] = (uint32_t)xenevtchn_bind_interdomain(xce, 0, far[i]);
    }
    CHECK(read(xenevtchn_fd(xce), got, sizeof(got)) == 100 * 4);
    for (int i = 0; i < 100; i++)
        CHECK(got[i] == near[i]);
    CHECK(xenevtchn_close(xce) == 0);
}

TEST(eight_thousand_ports_of_one_handle_are_all_delivered) {
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    enum { COUNT = 8000 };
    static uint32_t near[COUNT], got[COUNT + 1];
    for (int i = 0; i < COUNT; i++) {
        int far = xenevtchn_bind_unbound_port(xce, 0);
        CHECK(far > 0);
        int port = xenevtchn_bind_interdomain(xce, 0, (uint32_t)far);
        CHECK(port > 0);
        near[i] = (uint32_t)port;
    }
    size_t have = 0;
    while (have < COUNT) {
        CHECK(readable(xenevtchn_fd(xce), DEADLINE_MS));
        ssize_t n = read(xenevtchn_fd(xce), got + have, sizeof(got) - have * 4);
        CHECK(n > 0 && n % 4 == 0);
        have += (size_t)n / 4;
    }
    CHECK(have == COUNT && memcmp(near, got, sizeof(near)) == 0);
    CHECK(!readable(xenevtchn_fd(xce), 0));
    CHECK(xenevtchn_close(xce) == 0);
}

TEST(a_closed_end_leaves_the_other_unbound_and_bindable_again) {
    struct process guest = control_guest();
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    for (int i = 0; i < 3; i++) {
        int port = xenevtchn_bind_interdomain(xce, guest.domid, 1);
        CHECK(port > 0 && next_port(xce) == (uint32_t)port);
        CHECK_FAILS(EINVAL, xenevtchn_bind_interdomain(xce, guest.domid, 1) == -1);
        CHECK(xenevtchn_unbind(xce, (uint32_t)port) == 0);
        order(&guest, 'n'); /* to nobody: succeeds */
    }
    CHECK(xenevtchn_close(xce) == 0);
    process_kill(&guest);
}

TEST(wrong_ports_are_refused_as_on_linux) {
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0), *other = xenevtchn_open(NULL, 0);
    uint32_t port = (uint32_t)xenevtchn_bind_unbound_port(xce, 0);
    CHECK_FAILS(ENOTCONN, xenevtchn_notify(xce, port + 1) == -1);
    CHECK_FAILS(ENOTCONN, xenevtchn_notify(xce, 0) == -1);
    CHECK_FAILS(ENOTCONN, xenevtchn_notify(xce, 0xFFFFFFFF) == -1);
    CHECK_FAILS(ENOTCONN, xenevtchn_notify(other, port) == -1);
    CHECK_FAILS(ENOTCONN, xenevtchn_unbind(other, port) == -1);
    CHECK_FAILS(EINVAL, xenevtchn_unbind(xce, 0xFFFFFFFF) == -1);
    CHECK_FAILS(ESRCH, xenevtchn_bind_interdomain(xce, 4711, 1) == -1);
    CHECK_FAILS(EINVAL, xenevtchn_bind_interdomain(xce, 0, port + 1) == -1);
    CHECK(xenevtchn_unmask(xce, port + 1) == 0);
    CHECK(xenevtchn_close(xce) == 0 && xenevtchn_close(other) == 0);
}

TEST(events_before_the_claim_arrive_with_it) {
    struct process guest = guest_start(serve_control_port);
    hear(&guest);
    say(&guest, 'q');
    process_join(&guest);
    uint32_t domid;
    struct simxen_domain_config config = {0};
    CHECK(simxen_domain_create(&config, &domid) == 0);
    xenevtchn_handle *dom0 = xenevtchn_open(NULL, 0);
    uint32_t port = (uint32_t)xenevtchn_bind_interdomain(dom0, domid, 1);
    CHECK(xenevtchn_notify(dom0, port) == 0);
    CHECK(simxen_select(machine_dir(), domid) == 0);
    for (int i = 0; i < 2; i++) { /* the second program of the guest, too, looks once */
        xenevtchn_handle *kernel = xenevtchn_open(NULL, 0);
        CHECK(simxen_evtchn_claim(kernel, 1) == 0);
        CHECK_FAILS(EBUSY, simxen_evtchn_claim(kernel, 1) == -1);
        CHECK(next_port(kernel) == 1);
        CHECK(xenevtchn_close(kernel) == 0);
    }
    CHECK(xenevtchn_close(dom0) == 0);
}

TEST(a_virq_reaches_who_bound_it) {
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    CHECK_FAILS(ENOENT, simxen_virq_raise(0, 3) == -1);
    int port = xenevtchn_bind_virq(xce, 3);
    CHECK(port > 0);
    CHECK_FAILS(EEXIST, xenevtchn_bind_virq(xce, 3) == -1);
    CHECK(simxen_virq_raise(0, 3) == 0);
    CHECK(next_port(xce) == (uint32_t)port);
    CHECK(xenevtchn_close(xce) == 0);
}

/* What a process signals that may open nothing arrives all the same. Found by chaos: guests
 * stood still for ever when the daemon had none at the wrong moment. */
TEST(events_from_a_process_without_descriptors_arrive) {
    struct process guest = control_guest();
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    uint32_t port = (uint32_t)xenevtchn_bind_interdomain(xce, guest.domid, SIMXEN_CONTROL_PORT);
    CHECK(next_port(xce) == port);
    order(&guest, 'n'); /* waits masked, and comes with the unmask below */

    struct rlimit limit, none;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
    CHECK_FAILS(EMFILE, open("/dev/null", O_RDONLY) == -1);
    CHECK(xenevtchn_notify(xce, port) == 0);
    CHECK(xenevtchn_unmask(xce, port) == 0);
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);

    order(&guest, 'w');
    CHECK(next_port(xce) == port);
    CHECK(xenevtchn_close(xce) == 0);
    process_kill(&guest);
}

/* Two counters in a page of the test's own, shared with the guest by inheritance. */
static struct {
    _Atomic uint32_t sent;
    _Atomic uint32_t seen;
} * s_page;

enum { ROUNDS = 100000 };

static void echo_until_all_seen(struct process *self) {
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    CHECK(simxen_evtchn_claim(xce, 1) == 0);
    say(self, 0);
    for (uint32_t seen = 0; seen < ROUNDS;) {
        CHECK(next_port(xce) == 1);
        CHECK(xenevtchn_unmask(xce, 1) == 0);
        seen = atomic_load_explicit(&s_page->sent, memory_order_relaxed);
        atomic_store_explicit(&s_page->seen, seen, memory_order_relaxed);
        CHECK(xenevtchn_notify(xce, 1) == 0);
    }
    say(self, 0);
    hear(self);
}

TEST(no_wake_up_is_lost_between_two_processes) {
    s_page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct process guest = guest_start(echo_until_all_seen);
    hear(&guest);
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    uint32_t port = (uint32_t)xenevtchn_bind_interdomain(xce, guest.domid, 1);
    for (uint32_t sent = 0; sent < ROUNDS;) {
        /* A burst, then wait for the echo of all of it: a lost event stops one of the two. */
        for (uint32_t burst = 1 + random_below(8); burst > 0 && sent < ROUNDS; burst--) {
            atomic_store_explicit(&s_page->sent, ++sent, memory_order_relaxed);
            CHECK(xenevtchn_notify(xce, port) == 0);
        }
        while (atomic_load_explicit(&s_page->seen, memory_order_relaxed) != sent) {
            CHECK(next_port(xce) == port);
            CHECK(xenevtchn_unmask(xce, port) == 0);
        }
    }
    hear(&guest);
    process_kill(&guest);
    CHECK(xenevtchn_close(xce) == 0);
}

static void notify_for_ever(struct process *self) {
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    uint32_t domid = hear(self);
    int port = xenevtchn_bind_interdomain(xce, domid, 1);
    CHECK(port > 0);
    say(self, (uint32_t)port);
    for (;;)
        CHECK(xenevtchn_notify(xce, (uint32_t)port) == 0);
}

static void drain_for_ever(struct process *self) {
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    CHECK(simxen_evtchn_claim(xce, 1) == 0);
    for (;;) {
        CHECK(next_port(xce) == 1);
        CHECK(xenevtchn_unmask(xce, 1) == 0);
        atomic_fetch_add(&s_page->seen, 1);
    }
    (void)self;
}

TEST(a_process_killed_while_it_notifies_leaves_the_peer_receivable) {
    s_page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct process guest = guest_start(drain_for_ever);
    for (int round = 0; round < 200; round++) {
        struct process daemon = process_start(notify_for_ever);
        say(&daemon, guest.domid);
        hear(&daemon);
        uint32_t before = atomic_load(&s_page->seen);
        while (atomic_load(&s_page->seen) < before + 2 + random_below(5))
            CHECK(waitpid(guest.pid, NULL, WNOHANG) == 0);
        process_kill(&daemon);
    }
    process_kill(&guest);
}

/* Stands where a killed process is caught: half way through the delivery to its peer. */
static void die_inside_notify(struct process *self) {
    uint32_t domid = hear(self), how_far = hear(self), peer = slot_of(domid, 1);
    char path[128];
    snprintf(path, sizeof(path), "%s/evtchn", machine_dir());
    int fd = open(path, O_RDWR | O_CLOEXEC);
    struct port_slot *slots =
        mmap(NULL, sizeof(*slots) * (peer + 1), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(slots != MAP_FAILED);
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    int port = xenevtchn_bind_interdomain(xce, domid, 1);
    atomic_store(&slots[slot_of(0, (uint32_t)port)].sending, 1);
    atomic_store(&slots[peer].flags, how_far == 0 ? PORT_PENDING : PORT_MASKED);
    kill(getpid(), SIGKILL);
}

TEST(an_event_whose_sender_died_half_way_is_delivered_by_the_machine) {
    for (uint32_t how_far = 0; how_far < 2; how_far++) {
        struct process guest = control_guest();
        say(&guest, 'w');
        struct process daemon = process_start(die_inside_notify);
        say(&daemon, guest.domid);
        say(&daemon, how_far);
        CHECK(hear(&guest) == 1);
        waitpid(daemon.pid, NULL, 0);
        process_kill(&guest);
    }
}

TEST(a_killed_daemon_leaves_no_port_bound_and_the_guest_bindable) {
    struct process guest = control_guest();
    for (int round = 0; round < 50; round++) {
        struct process daemon = process_start(notify_for_ever);
        say(&daemon, guest.domid);
        CHECK(hear(&daemon) == 1); /* the lowest port is free again each time */
        process_kill(&daemon);
    }
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    CHECK(xenevtchn_bind_interdomain(xce, guest.domid, 1) == 1);
    CHECK(xenevtchn_notify(xce, 1) == 0);
    order(&guest, 'w');
    CHECK(xenevtchn_close(xce) == 0);
    process_kill(&guest);
}

static int open_descriptors(void) {
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

TEST(a_daemon_keeps_no_descriptor_of_guests_that_went) {
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    int before = open_descriptors();
    for (int round = 0; round < 20; round++) {
        struct process guest = control_guest();
        int port = xenevtchn_bind_interdomain(xce, guest.domid, 1);
        CHECK(xenevtchn_notify(xce, (uint32_t)port) == 0);
        order(&guest, 'w');
        process_kill(&guest);
        CHECK(xenevtchn_unbind(xce, (uint32_t)port) == 0);
    }
    CHECK(open_descriptors() == before);
    CHECK(xenevtchn_close(xce) == 0);
}
