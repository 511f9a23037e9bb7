/* simxen-tests SIMXEN bench: what an event costs. */
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

int bench(void);

enum { EVENTS = 500000 };

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void echo(struct process *self) {
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    CHECK(simxen_evtchn_claim(xce, 1) == 0);
    say(self, 0);
    for (;;) {
        int port = xenevtchn_pending(xce);
        xenevtchn_unmask(xce, (uint32_t)port);
        xenevtchn_notify(xce, (uint32_t)port);
    }
}

int bench(void) {
    xenevtchn_handle *xce = xenevtchn_open(NULL, 0);
    int far = xenevtchn_bind_unbound_port(xce, 0);
    int near = xenevtchn_bind_interdomain(xce, 0, (uint32_t)far);
    CHECK(far > 0 && near > 0 && xenevtchn_pending(xce) == near);
    xenevtchn_unmask(xce, (uint32_t)near);
    double start = seconds();
    for (int i = 0; i < EVENTS; i++) {
        xenevtchn_notify(xce, (uint32_t)far);
        xenevtchn_pending(xce);
        xenevtchn_unmask(xce, (uint32_t)near);
    }
    double took = seconds() - start;
    printf("notify+pending+unmask, one process: %.0f/s, %.2f us\n", EVENTS / took,
           took / EVENTS * 1e6);
    xenevtchn_notify(xce, (uint32_t)far);
    start = seconds();
    for (int i = 0; i < EVENTS; i++)
        xenevtchn_notify(xce, (uint32_t)far);
    took = seconds() - start;
    printf("notify of a pending port: %.0f/s, %.3f us\n", EVENTS / took, took / EVENTS * 1e6);
    xenevtchn_close(xce);

    struct process guest = guest_start(echo);
    hear(&guest);
    xce = xenevtchn_open(NULL, 0);
    uint32_t port = (uint32_t)xenevtchn_bind_interdomain(xce, guest.domid, 1);
    next_port(xce);
    xenevtchn_unmask(xce, port);
    start = seconds();
    for (int i = 0; i < EVENTS / 5; i++) {
        xenevtchn_notify(xce, port);
        xenevtchn_pending(xce);
        xenevtchn_unmask(xce, port);
    }
    took = seconds() - start;
    printf("round trip between two processes: %.0f/s, %.2f us\n", EVENTS / 5 / took,
           took / EVENTS * 5e6);
    process_kill(&guest);
    xenevtchn_close(xce);
    return 0;
}
