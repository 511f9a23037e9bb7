/*
 * bench-classic SOCKET: a switch with the system calls of the original: one
 * thread around select, blocking sockets, event-channel ports read and unmasked
 * one at a time, one send for each record to each subscriber, one event for
 * each record of a client, one record of each client a turn. What the simulated
 * Xen saves it over the device of 2005 (its unmask is no system call), it
 * keeps.
 *
 * Prints "ready".
 */
#include <errno.h>
#include <stdio.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channels.h"

#define MAX_SESSIONS 400
#define MAX_BINDINGS 16

struct session {
  int control, data; /* -1: not connected */
  struct {
    uint32_t port;
    uint16_t type;
  } bindings[MAX_BINDINGS];
  unsigned int bound;
};

static struct session s_sessions[MAX_SESSIONS];
static unsigned int s_count;
static int s_newcomers[MAX_SESSIONS];
static unsigned int s_new;

static bool wants(const struct session *session, uint32_t port, uint16_t type) {
  for (unsigned int i = 0; i < session->bound; i++)
    if ((session->bindings[i].port == port ||
         session->bindings[i].port == ANY_PORT) &&
        (session->bindings[i].type == type ||
         session->bindings[i].type == 0xffff))
      return true;
  return false;
}

static void publish(const struct channel *channel, enum record_type type,
                    const struct message *message) {
  struct record record = {
      .type = type, .u.control = {channel->domid, channel->port, *message}};
  for (unsigned int i = 0; i < s_count; i++)
    if (s_sessions[i].data >= 0 &&
        wants(&s_sessions[i], channel->port, message->type))
      send_all(s_sessions[i].data, &record, sizeof(record));
}

static void serve_events(void) {
  int port;
  while ((port = xenevtchn_pending(channels_events())) >= 0) {
    xenevtchn_unmask(channels_events(), (evtchn_port_t)port);
    struct channel *channel = channel_at_port((uint32_t)port);
    struct message message;
    while (channel != NULL && channel_take_request(channel, &message))
      publish(channel, REQUEST, &message);
    while (channel != NULL && channel_take_answer(channel, &message))
      publish(channel, RESPONSE, &message);
  }
}

static void greet(unsigned int newcomer) {
  int fd = s_newcomers[newcomer];
  struct record record;
  s_newcomers[newcomer] = s_newcomers[--s_new];
  if (!receive_all(fd, &record, sizeof(record)) ||
      (record.type == CONNECT_CTRL && s_count == MAX_SESSIONS) ||
      (record.type == CONNECT_DATA &&
       (record.u.session == 0 || record.u.session > s_count))) {
    close(fd);
    return;
  }
  record.result = 0;
  if (record.type == CONNECT_CTRL) {
    s_sessions[s_count++] = (struct session){.control = fd, .data = -1};
    record.u.session = s_count;
  } else {
    s_sessions[record.u.session - 1].data = fd;
  }
  send_all(fd, &record, sizeof(record));
}

static void serve_control(struct session *session) {
  struct record record;
  if (!receive_all(session->control, &record, sizeof(record))) {
    close(session->control);
    session->control = -1;
    return;
  }
  record.result = 0;
  if (record.type == BIND && session->bound < MAX_BINDINGS) {
    session->bindings[session->bound].port = record.u.bind.port;
    session->bindings[session->bound++].type = record.u.bind.type;
  } else if (record.type == NEW_CHANNEL) {
    record.u.channel.local_port =
        channel_open(record.u.channel.domid, record.u.channel.remote_port)
            ->port;
  }
  send_all(session->control, &record, sizeof(record));
}

static void serve_data(struct session *session) {
  struct record record;
  if (!receive_all(session->data, &record, sizeof(record))) {
    close(session->data);
    session->data = -1;
    return;
  }
  struct channel *channel = channel_of_domain(record.u.control.domid);
  if (channel == NULL)
    return;
  if (record.type == RESPONSE)
    channel_give_answer(channel, &record.u.control.message);
  else
    channel_give_request(channel, &record.u.control.message);
  xenevtchn_notify(channels_events(), channel->port);
}

static void watch(int fd, fd_set *set, int *highest) {
  if (fd < 0)
    return;
  if (fd >= FD_SETSIZE)
    die("select takes no more clients");
  FD_SET(fd, set);
  *highest = fd > *highest ? fd : *highest;
}

static void turn(int listener, int events) {
  fd_set ready;
  int highest = -1;
  FD_ZERO(&ready);
  watch(listener, &ready, &highest);
  watch(events, &ready, &highest);
  for (unsigned int i = 0; i < s_count; i++) {
    watch(s_sessions[i].control, &ready, &highest);
    watch(s_sessions[i].data, &ready, &highest);
  }
  for (unsigned int i = 0; i < s_new; i++)
    watch(s_newcomers[i], &ready, &highest);
  if (select(highest + 1, &ready, NULL, NULL, NULL) < 0)
    die("select");
  if (FD_ISSET(events, &ready))
    serve_events();
  unsigned int known = s_new;
  if (FD_ISSET(listener, &ready) && s_new < MAX_SESSIONS) {
    s_newcomers[s_new] = accept(listener, NULL, NULL);
    s_new += s_newcomers[s_new] >= 0;
  }
  unsigned int count = s_count;
  for (unsigned int i = 0; i < count; i++)
    if (s_sessions[i].control >= 0 && FD_ISSET(s_sessions[i].control, &ready))
      serve_control(&s_sessions[i]);
  for (unsigned int i = 0; i < count; i++)
    if (s_sessions[i].data >= 0 && FD_ISSET(s_sessions[i].data, &ready))
      serve_data(&s_sessions[i]);
  for (unsigned int i = known; i-- > 0;)
    if (FD_ISSET(s_newcomers[i], &ready))
      greet(i);
}

int main(int argc, char **argv) {
  if (argc != 2)
    die("usage: bench-classic SOCKET");
  channels_init();
  int listener = unix_listen(argv[1]), events = xenevtchn_fd(channels_events());
  set_blocking(events, false);
  puts("ready");
  fflush(stdout);
  for (;;)
    turn(listener, events);
}
