/*
 * bench-guests COUNT TYPE: so many domains of a simulated machine, each with a
 * control channel of 2005, driven by one process.
 *
 * Prints "ready FIRST LAST", the domids. Then takes lines from standard input
 * and answers each with one: flood MS    every guest keeps its 8 slots full
 *   trip MS     every guest has one request outstanding
 * "messages N ns N total N p50 N p99 N left N": answered requests and
 * nanoseconds of the last three quarters of that time, all requests of the
 * order, two quantiles of the time from request to answer in ns (of trips),
 * requests that nobody answered. Ends with standard input.
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

struct guest {
  xenevtchn_handle *xce;
  struct control_page *page;
  uint32_t sent, answered;
  uint64_t sent_at;
};

/* Of durations: 64 steps an octave, about 1 % wide. */
struct histogram {
  uint64_t counts[64 * 64];
  uint64_t total;
};

static struct guest s_guests[MAX_GUESTS];
static struct histogram s_trips;
static uint32_t s_count;
static uint8_t s_type;
static int s_epoll;

static unsigned int step_of(uint64_t value) {
  if (value < 64)
    return (unsigned int)value;
  unsigned int octave = 63u - (unsigned int)__builtin_clzll(value);
  return (octave - 5) * 64 + (unsigned int)(value >> (octave - 6) & 63);
}

static uint64_t value_of(unsigned int step) {
  if (step < 64)
    return step;
  unsigned int octave = step / 64 + 5;
  return (64ull + step % 64) << (octave - 6);
}

static uint64_t quantile(const struct histogram *of, unsigned int percent) {
  uint64_t seen = 0;
  for (unsigned int step = 0; step < sizeof(of->counts) / sizeof(of->counts[0]);
       step++) {
    seen += of->counts[step];
    if (seen * 100 >= of->total * percent && of->total > 0)
      return value_of(step);
  }
  return 0;
}

static void create_guest(struct guest *guest, const char *machine) {
  uint32_t domid;
  struct simxen_domain_config config = {.nr_pages = 4,
                                        .flags = SIMXEN_CREATE_CLASSIC};
  if (simxen_select(machine, 0) != 0 ||
      simxen_domain_create(&config, &domid) != 0)
    die("no more domains");
  if (simxen_select(machine, domid) != 0 ||
      (guest->xce = xenevtchn_open(NULL, 0)) == NULL ||
      simxen_evtchn_claim(guest->xce, SIMXEN_CONTROL_PORT) != 0)
    die("domain %u has no control port", domid);
  guest->page = map_control_page(domid);
  uint32_t index = (uint32_t)(guest - s_guests);
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
  int fd = xenevtchn_fd(guest->xce);
  set_blocking(fd, false);
  if (epoll_ctl(s_epoll, EPOLL_CTL_ADD, fd, &event) != 0)
    die("epoll");
  if (index == 0)
    printf("ready %u ", domid);
  if (index == s_count - 1)
    printf("%u\n", domid);
}

/* Fills the ring up to so many outstanding requests, with one event. */
static void send_requests(struct guest *guest, uint32_t depth) {
  struct half *tx = &guest->page->tx;
  uint32_t first = guest->sent;
  for (; guest->sent - guest->answered < depth; guest->sent++) {
    struct message *slot = &tx->slots[guest->sent % SLOTS];
    slot->type = s_type;
    slot->subtype = 0;
    slot->id = (uint8_t)guest->sent;
    slot->length = sizeof(slot->data);
  }
  if (guest->sent == first)
    return;
  store(&tx->req_prod, guest->sent);
  xenevtchn_notify(guest->xce, SIMXEN_CONTROL_PORT);
}

/* Returns how many answers have come. */
static uint32_t take_answers(struct guest *guest) {
  int port;
  while ((port = xenevtchn_pending(guest->xce)) >= 0)
    xenevtchn_unmask(guest->xce, (evtchn_port_t)port);
  uint32_t done = load(&guest->page->tx.rsp_prod),
           count = done - guest->answered;
  if (count > guest->sent - guest->answered)
    die("%u answers to %u requests", count, guest->sent - guest->answered);
  guest->answered = done;
  return count;
}

struct window {
  uint64_t begin, end, answers, total;
  bool is_measured;
};

static void serve(struct window *window, uint32_t depth, bool more,
                  int timeout) {
  struct epoll_event events[EVENTS];
  int count = epoll_wait(s_epoll, events, EVENTS, timeout);
  if (count < 0 && errno != EINTR)
    die("epoll_wait");
  uint64_t now = now_ns();
  for (int i = 0; i < count; i++) {
    struct guest *guest = &s_guests[events[i].data.u32];
    uint32_t answers = take_answers(guest);
    window->total += answers;
    if (now >= window->begin && now < window->end) {
      window->answers += answers;
      if (depth == 1 && answers > 0) {
        uint64_t taken = now_ns() - guest->sent_at;
        s_trips.counts[step_of(taken)]++;
        s_trips.total++;
      }
    }
    if (more && (depth > 1 || answers > 0)) {
      guest->sent_at = now_ns();
      send_requests(guest, depth);
    }
  }
}

static uint64_t outstanding(void) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < s_count; i++)
    sum += s_guests[i].sent - s_guests[i].answered;
  return sum;
}

static void measure(uint32_t depth, uint32_t ms) {
  memset(&s_trips, 0, sizeof(s_trips));
  uint64_t start = now_ns(), length = ms * 1000000ull;
  struct window window = {.begin = start + length / 4, .end = start + length};
  for (uint32_t i = 0; i < s_count; i++) {
    s_guests[i].sent_at = now_ns();
    send_requests(&s_guests[i], depth);
  }
  while (now_ns() < window.end)
    serve(&window, depth, true, 100);
  uint64_t left, until = now_ns() + LEFT_MS * 1000000ull;
  while ((left = outstanding()) > 0 && now_ns() < until)
    serve(&window, depth, false, 100);
  printf("messages %llu ns %llu total %llu p50 %llu p99 %llu left %llu\n",
         (unsigned long long)window.answers,
         (unsigned long long)(window.end - window.begin),
         (unsigned long long)window.total,
         (unsigned long long)quantile(&s_trips, 50),
         (unsigned long long)quantile(&s_trips, 99), (unsigned long long)left);
}

int main(int argc, char **argv) {
  const char *machine = getenv("SIMXEN_MACHINE");
  if (argc != 3 || machine == NULL)
    die("usage: SIMXEN_MACHINE=DIR bench-guests COUNT TYPE");
  setvbuf(stdout, NULL, _IOLBF, 0);
  raise_descriptor_limit();
  s_count = number(argv[1], MAX_GUESTS);
  s_type = (uint8_t)number(argv[2], 255);
  s_epoll = epoll_create1(EPOLL_CLOEXEC);
  for (uint32_t i = 0; i < s_count; i++)
    create_guest(&s_guests[i], machine);
  char word[16];
  unsigned int ms;
  while (scanf("%15s %u", word, &ms) == 2)
    measure(strcmp(word, "flood") == 0 ? SLOTS : 1, ms);
  return 0;
}
