/*
 * bench-consoles COUNT: so many domains of a simulated machine, each with a
 * console ring, driven by one process.
 *
 * Prints "ready FIRST LAST", the domids. Then takes lines from standard input
 * and answers each with one: print MS    every guest keeps its output ring full
 * of lines "bytes N ns N total N left N": what was taken in the last three
 * quarters of that time, in all, and not within ten seconds. Ends with standard
 * input.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "bench.h"
#include "simxen.h"

#define EVENTS 512
#define LEFT_MS 10000
#define LINE 80u

/* As in xen/io/console.h. */
struct ring {
  char in[1024], out[2048];
  uint32_t in_cons, in_prod, out_cons, out_prod;
};

struct guest {
  xenevtchn_handle *xce;
  struct ring *ring;
  uint32_t put, taken;
};

static struct guest s_guests[MAX_GUESTS];
static uint32_t s_count;
static int s_epoll;

static void create_guest(struct guest *guest, const char *machine) {
  uint32_t domid, index = (uint32_t)(guest - s_guests);
  struct simxen_domain_config config = {.nr_pages = 4,
                                        .flags = SIMXEN_CREATE_CONSOLE};
  if (simxen_select(machine, 0) != 0 ||
      simxen_domain_create(&config, &domid) != 0)
    die("no more domains");
  if (simxen_select(machine, domid) != 0 ||
      (guest->xce = xenevtchn_open(NULL, 0)) == NULL ||
      simxen_evtchn_claim(guest->xce, SIMXEN_CONSOLE_PORT) != 0)
    die("domain %u has no console port", domid);
  guest->ring = map_frame(domid, SIMXEN_CONSOLE_FRAME);
  guest->put = guest->taken = load(&guest->ring->out_prod);
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
  int fd = xenevtchn_fd(guest->xce);
  set_blocking(fd, false);
  if (epoll_ctl(s_epoll, EPOLL_CTL_ADD, fd, &event) != 0)
    die("epoll_ctl");
  if (index == 0)
    printf("ready %u ", domid);
  if (index == s_count - 1)
    printf("%u\n", domid);
}

static void print(struct guest *guest) {
  static const char line[LINE + 1] =
      "[   12.345678] bench: a line as a kernel prints it while it boots, "
      "eighty bytes\r\n";
  uint32_t first = guest->put, end = guest->taken + sizeof(guest->ring->out);
  for (; guest->put != end; guest->put++)
    guest->ring->out[guest->put % sizeof(guest->ring->out)] =
        line[guest->put % LINE];
  if (guest->put == first)
    return;
  store(&guest->ring->out_prod, guest->put);
  xenevtchn_notify(guest->xce, SIMXEN_CONSOLE_PORT);
}

static uint32_t look(struct guest *guest) {
  int port;
  while ((port = xenevtchn_pending(guest->xce)) >= 0)
    xenevtchn_unmask(guest->xce, (evtchn_port_t)port);
  uint32_t taken = load(&guest->ring->out_cons), count = taken - guest->taken;
  guest->taken = taken;
  return count;
}

static uint64_t serve(bool more) {
  struct epoll_event events[EVENTS];
  uint64_t bytes = 0;
  int count = epoll_wait(s_epoll, events, EVENTS, 100);
  if (count < 0 && errno != EINTR)
    die("epoll_wait");
  for (int i = 0; i < count; i++) {
    struct guest *guest = &s_guests[events[i].data.u32];
    bytes += look(guest);
    if (more)
      print(guest);
  }
  return bytes;
}

static uint64_t waiting(void) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < s_count; i++)
    sum += s_guests[i].put - s_guests[i].taken;
  return sum;
}

static void measure(uint32_t ms) {
  uint64_t start = now_ns(), length = ms * 1000000ull, bytes = 0, total = 0,
           left;
  for (uint32_t i = 0; i < s_count; i++)
    print(&s_guests[i]);
  while (now_ns() < start + length) {
    uint64_t now = now_ns(), count = serve(true);
    total += count;
    bytes += now >= start + length / 4 ? count : 0;
  }
  uint64_t until = now_ns() + LEFT_MS * 1000000ull;
  while ((left = waiting()) > 0 && now_ns() < until)
    total += serve(false);
  printf("bytes %llu ns %llu total %llu left %llu\n", (unsigned long long)bytes,
         (unsigned long long)(length - length / 4), (unsigned long long)total,
         (unsigned long long)left);
}

int main(int argc, char **argv) {
  const char *machine = getenv("SIMXEN_MACHINE");
  if (argc != 2 || machine == NULL)
    die("usage: SIMXEN_MACHINE=DIR bench-consoles COUNT");
  setvbuf(stdout, NULL, _IOLBF, 0);
  raise_descriptor_limit();
  s_count = number(argv[1], MAX_GUESTS);
  s_epoll = epoll_create1(EPOLL_CLOEXEC);
  for (uint32_t i = 0; i < s_count; i++)
    create_guest(&s_guests[i], machine);
  unsigned int ms;
  while (scanf(" print %u", &ms) == 1)
    measure(ms);
  return 0;
}
