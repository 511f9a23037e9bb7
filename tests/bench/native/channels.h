/* What both switches do with a domain's channel, whatever they do around it. */
#ifndef BENCH_CHANNELS_H
#define BENCH_CHANNELS_H

#include "bench.h"
#include "xenevtchn.h"

struct channel {
  struct control_page *page;
  uint32_t domid, port;
  uint32_t requests, answers; /* taken and given */
  uint32_t sent, answered;    /* ours and theirs on rx */
  bool is_touched;
};

void channels_init(void);
xenevtchn_handle *channels_events(void);
/* As NEW_CC does: binds, maps, and takes what is there for old. The same again
 * when it is open. */
struct channel *channel_open(uint32_t domid, uint32_t remote_port);
struct channel *channel_of_domain(uint32_t domid);
struct channel *channel_at_port(uint32_t port);

/* The next request or answer of the guest; false when there is none. */
bool channel_take_request(struct channel *channel, struct message *message);
bool channel_take_answer(struct channel *channel, struct message *message);
/* False when the ring takes none. */
bool channel_give_answer(struct channel *channel,
                         const struct message *message);
bool channel_give_request(struct channel *channel,
                          const struct message *message);

#endif
