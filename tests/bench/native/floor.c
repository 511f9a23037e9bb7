/*
 * bench-floor SOCKET: the least that the job of a switch can be, for one
 * session that wants everything: epoll, as many ports as there are with one
 * read, the records of a turn with one send, one event for each guest and turn.
 * No bindings, no limits, no second client, nothing that could go wrong.
 *
 * Prints "ready".
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channels.h"

/* Records for the client that wait for room: beyond it, guests wait. */
#define QUEUE_RECORDS (1u << 16)

static struct record *s_queue;
static size_t s_queued, s_sent; /* in bytes */
static int s_data = -1;
static int s_epoll;
static char s_received[BATCH_RECORDS * sizeof(struct record)];
static size_t s_partial;

static void watch(int fd, uint32_t events, int how) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  if (epoll_ctl(s_epoll, how, fd, &event) != 0)
    die("epoll_ctl");
}

static void flush(void) {
  while (s_sent < s_queued) {
    ssize_t n = send(s_data, (char *)s_queue + s_sent, s_queued - s_sent,
                     MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) {
      watch(s_data, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
      return;
    }
    if (n < 0)
      exit(0);
    s_sent += (size_t)n;
  }
  s_sent = s_queued = 0;
}

static void drain(struct channel *channel) {
  struct message message;
  while (s_queued / sizeof(struct record) < QUEUE_RECORDS - 1 &&
         channel_take_request(channel, &message))
    s_queue[s_queued / sizeof(struct record)] =
        (struct record){.type = REQUEST,
                        .u.control = {channel->domid, channel->port, message}},
                                     s_queued += sizeof(struct record);
  while (channel_take_answer(channel, &message))
    ;
}

static void serve_events(void) {
  evtchn_port_t ports[BATCH_PORTS];
  ssize_t n = read(xenevtchn_fd(channels_events()), ports, sizeof(ports));
  for (ssize_t i = 0; i < n / (ssize_t)sizeof(ports[0]); i++) {
    xenevtchn_unmask(channels_events(), ports[i]);
    struct channel *channel = channel_at_port(ports[i]);
    if (channel != NULL)
      drain(channel);
  }
  flush();
}

static void serve_data(void) {
  static struct channel *touched[BATCH_RECORDS];
  size_t count = 0;
  ssize_t n = recv(s_data, s_received + s_partial,
                   sizeof(s_received) - s_partial, MSG_DONTWAIT);
  if (n == 0)
    exit(0);
  if (n < 0)
    return;
  size_t bytes = s_partial + (size_t)n, whole = bytes / sizeof(struct record);
  const struct record *records = (const struct record *)s_received;
  for (size_t i = 0; i < whole; i++) {
    struct channel *channel = channel_of_domain(records[i].u.control.domid);
    if (channel == NULL ||
        !channel_give_answer(channel, &records[i].u.control.message))
      continue;
    if (!channel->is_touched)
      touched[count++] = channel;
    channel->is_touched = true;
  }
  for (size_t i = 0; i < count; i++) {
    xenevtchn_notify(channels_events(), touched[i]->port);
    touched[i]->is_touched = false;
  }
  s_partial = bytes % sizeof(struct record);
  memmove(s_received, s_received + whole * sizeof(struct record), s_partial);
}

/* Everything that is asked on the control connection is granted. */
static void serve_control(int fd) {
  struct record record;
  if (!receive_all(fd, &record, sizeof(record))) {
    close(fd);
    return;
  }
  record.result = 0;
  if (record.type == CONNECT_CTRL)
    record.u.session = 1;
  if (record.type == NEW_CHANNEL)
    channel_open(record.u.channel.domid, record.u.channel.remote_port);
  if (record.type == CONNECT_DATA)
    s_data = fd;
  send_all(fd, &record, sizeof(record));
}

int main(int argc, char **argv) {
  if (argc != 2)
    die("usage: bench-floor SOCKET");
  channels_init();
  s_queue = malloc(QUEUE_RECORDS * sizeof(struct record));
  s_epoll = epoll_create1(EPOLL_CLOEXEC);
  int listener = unix_listen(argv[1]), events = xenevtchn_fd(channels_events());
  set_blocking(events, false);
  watch(listener, EPOLLIN, EPOLL_CTL_ADD);
  watch(events, EPOLLIN, EPOLL_CTL_ADD);
  puts("ready");
  fflush(stdout);
  for (;;) {
    struct epoll_event ready[16];
    int count = epoll_wait(s_epoll, ready, 16, -1);
    for (int i = 0; i < count; i++) {
      int fd = ready[i].data.fd;
      if (fd == events) {
        serve_events();
      } else if (fd == listener) {
        watch(accept(listener, NULL, NULL), EPOLLIN, EPOLL_CTL_ADD);
      } else if (fd != s_data) {
        serve_control(fd);
      } else {
        if (ready[i].events & EPOLLOUT) {
          watch(fd, EPOLLIN, EPOLL_CTL_MOD);
          flush();
        }
        serve_data();
      }
    }
  }
}
