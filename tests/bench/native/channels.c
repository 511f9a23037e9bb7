#include "channels.h"

#include <stdlib.h>

#define MAX_PORTS 16384

static xenevtchn_handle *s_events;
static struct channel *s_by_domain[MAX_GUESTS * 2];
static struct channel *s_by_port[MAX_PORTS];

void channels_init(void) {
  s_events = xenevtchn_open(NULL, 0);
  if (s_events == NULL)
    die("no event channels");
}

xenevtchn_handle *channels_events(void) { return s_events; }

struct channel *channel_of_domain(uint32_t domid) {
  return domid < sizeof(s_by_domain) / sizeof(s_by_domain[0])
             ? s_by_domain[domid]
             : NULL;
}

struct channel *channel_at_port(uint32_t port) {
  return port < MAX_PORTS ? s_by_port[port] : NULL;
}

struct channel *channel_open(uint32_t domid, uint32_t remote_port) {
  struct channel *channel = channel_of_domain(domid);
  if (channel != NULL)
    return channel;
  int port = xenevtchn_bind_interdomain(s_events, domid, remote_port);
  if (port < 0)
    die("port %u of domain %u", remote_port, domid);
  channel = calloc(1, sizeof(*channel));
  channel->page = map_control_page(domid);
  channel->domid = domid;
  channel->port = (uint32_t)port;
  channel->answers = load(&channel->page->tx.rsp_prod);
  channel->requests = load(&channel->page->tx.req_prod);
  channel->sent = load(&channel->page->rx.req_prod);
  channel->answered = load(&channel->page->rx.rsp_prod);
  s_by_domain[domid] = channel;
  s_by_port[port] = channel;
  return channel;
}

static void copy(struct message *to, const struct message *from) {
  *to = *(const volatile struct message *)from;
  if (to->length > sizeof(to->data))
    to->length = sizeof(to->data);
}

bool channel_take_request(struct channel *channel, struct message *message) {
  struct half *tx = &channel->page->tx;
  if (channel->requests == load(&tx->req_prod) ||
      channel->requests - channel->answers == SLOTS)
    return false;
  copy(message, &tx->slots[channel->requests++ % SLOTS]);
  return true;
}

bool channel_take_answer(struct channel *channel, struct message *message) {
  struct half *rx = &channel->page->rx;
  if (channel->answered == load(&rx->rsp_prod))
    return false;
  copy(message, &rx->slots[channel->answered++ % SLOTS]);
  return true;
}

bool channel_give_answer(struct channel *channel,
                         const struct message *message) {
  struct half *tx = &channel->page->tx;
  if (channel->answers == channel->requests)
    return false;
  tx->slots[channel->answers++ % SLOTS] = *message;
  store(&tx->rsp_prod, channel->answers);
  return true;
}

bool channel_give_request(struct channel *channel,
                          const struct message *message) {
  struct half *rx = &channel->page->rx;
  if (channel->sent - channel->answered == SLOTS)
    return false;
  rx->slots[channel->sent++ % SLOTS] = *message;
  store(&rx->req_prod, channel->sent);
  return true;
}
