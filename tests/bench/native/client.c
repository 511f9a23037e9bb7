/*
 * bench-client SOCKET TYPE SESSIONS FIRST LAST: sessions of a control switch
 * that are bound to all messages of a type. The first one opens the channels of
 * these domids and answers every request; the others take theirs and say
 * nothing.
 *
 * Prints "ready", then for each line of standard input "records N": what all
 * sessions have received so far. Ends with it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

#define MAX_SESSIONS 1000
#define QUEUE_BYTES (8u << 20)

struct session {
  int control, data;
  uint64_t bytes;
  size_t partial; /* of a record that is not whole yet, at the buffer's begin */
  struct record *buffer;
};

static struct session s_sessions[MAX_SESSIONS];
static char *s_queue;
static size_t s_queued;

static void ask(int fd, struct record *record) {
  uint32_t type = record->type;
  send_all(fd, record, sizeof(*record));
  if (!receive_all(fd, record, sizeof(*record)) || record->type != type ||
      record->result != 0)
    die("request of type %u is refused with %u", type, record->result);
}

static void open_session(struct session *session, const char *path,
                         uint16_t type) {
  struct record hello = {.type = CONNECT_CTRL};
  session->control = unix_connect(path);
  ask(session->control, &hello);
  struct record data = {.type = CONNECT_DATA, .u.session = hello.u.session};
  session->data = unix_connect(path);
  ask(session->data, &data);
  struct record bind = {.type = BIND, .u.bind = {ANY_PORT, type}};
  ask(session->control, &bind);
  session->buffer = malloc(BATCH_RECORDS * sizeof(struct record));
}

static void flush(int fd) {
  size_t done = 0;
  while (done < s_queued) {
    ssize_t n =
        send(fd, s_queue + done, s_queued - done, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN)
      break;
    if (n < 0)
      die("send");
    done += (size_t)n;
  }
  s_queued -= done;
  memmove(s_queue, s_queue + done, s_queued);
}

/* The requests among these records go back as their own answers. */
static void answer(const struct record *records, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (records[i].type != REQUEST)
      continue;
    if (s_queued + sizeof(struct record) > QUEUE_BYTES)
      die("the switch does not take the answers");
    struct record *to = (struct record *)(s_queue + s_queued);
    *to = records[i];
    to->type = RESPONSE;
    s_queued += sizeof(*to);
  }
}

static void take(struct session *session, bool answers) {
  ssize_t n = recv(session->data, (char *)session->buffer + session->partial,
                   BATCH_RECORDS * sizeof(struct record) - session->partial, 0);
  if (n <= 0)
    die("the switch has closed a session");
  session->bytes += (uint64_t)n;
  size_t bytes = session->partial + (size_t)n,
         whole = bytes / sizeof(struct record);
  if (answers) {
    answer(session->buffer, whole);
    flush(session->data);
  }
  session->partial = bytes % sizeof(struct record);
  memmove(session->buffer, session->buffer + whole, session->partial);
}

static void tell(uint32_t count) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < count; i++)
    bytes += s_sessions[i].bytes;
  printf("records %llu\n", (unsigned long long)(bytes / sizeof(struct record)));
}

static void add(int epoll, int fd, uint32_t index) {
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
    die("epoll");
}

static void serve(uint32_t count) {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  for (uint32_t i = 0; i < count; i++)
    add(epoll, s_sessions[i].data, i);
  add(epoll, STDIN_FILENO, count);
  for (;;) {
    struct epoll_event events[64];
    /* Answers that found no room: as soon as there is some. */
    int found = epoll_wait(epoll, events, 64, s_queued > 0 ? 1 : -1);
    if (s_queued > 0)
      flush(s_sessions[0].data);
    for (int i = 0; i < found; i++) {
      uint32_t index = events[i].data.u32;
      if (index < count) {
        take(&s_sessions[index], index == 0);
        continue;
      }
      char line[64];
      if (read(STDIN_FILENO, line, sizeof(line)) <= 0)
        return;
      tell(count);
    }
  }
}

int main(int argc, char **argv) {
  if (argc != 6)
    die("usage: bench-client SOCKET TYPE SESSIONS FIRST LAST");
  setvbuf(stdout, NULL, _IOLBF, 0);
  raise_descriptor_limit();
  uint32_t count = number(argv[3], MAX_SESSIONS),
           last = number(argv[5], UINT32_MAX);
  s_queue = malloc(QUEUE_BYTES);
  for (uint32_t i = 0; i < count; i++)
    open_session(&s_sessions[i], argv[1], (uint16_t)number(argv[2], 0xffff));
  for (uint32_t domid = number(argv[4], UINT32_MAX); domid <= last; domid++) {
    struct record channel = {.type = NEW_CHANNEL, .u.channel = {domid, 0, 1}};
    ask(s_sessions[0].control, &channel);
  }
  puts("ready");
  serve(count);
  return 0;
}
