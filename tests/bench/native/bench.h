/* What the programs of the benchmark share: the control page and the records of
 * 2005 (shared/spec is not needed to read them: the ring page at offset 2048 of
 * shared_info, two rings of 8 slots; records of 80 bytes), sockets, time. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLOTS 8u
#define CONTROL_OFFSET 2048
#define MAX_GUESTS 16384
#define BATCH_PORTS 1024
#define BATCH_RECORDS 1024

struct message {
  uint8_t type, subtype, id, length;
  uint8_t data[60];
};

struct half {
  uint32_t req_prod, rsp_prod;
  struct message slots[SLOTS];
};

/* tx carries the guest's requests and their responses, rx ours. */
struct control_page {
  struct half tx, rx;
};

enum record_type {
  CONNECT_CTRL = 0,
  CONNECT_DATA = 1,
  BIND = 3,
  NEW_CHANNEL = 7,
  REQUEST = 9,
  RESPONSE = 10,
};

#define ANY_PORT 0xefffffffu

struct record {
  uint32_t type, result;
  union {
    uint64_t session;
    struct {
      uint32_t port;
      uint16_t type;
    } bind;
    struct {
      uint32_t domid, local_port, remote_port;
    } channel;
    struct {
      uint32_t domid, local_port;
      struct message message;
    } control;
  } u;
};

_Static_assert(sizeof(struct control_page) == 1040, "two rings of 520 bytes");
_Static_assert(sizeof(struct record) == 80, "as on the wire in every era");

void die(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));
uint64_t now_ns(void);
/* As many descriptors as this user may have. */
void raise_descriptor_limit(void);
uint32_t number(const char *text, uint32_t most);

int unix_listen(const char *path);
int unix_connect(const char *path);
/* All of it, on a blocking socket; false at its end. */
bool receive_all(int fd, void *to, size_t size);
void send_all(int fd, const void *from, size_t size);
void set_blocking(int fd, bool blocking);

/* One page of a domain, mapped for the life of this process. */
void *map_frame(uint32_t domid, unsigned long frame);
struct control_page *map_control_page(uint32_t domid);

static inline uint32_t load(const uint32_t *index) {
  return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

static inline void store(uint32_t *index, uint32_t value) {
  __atomic_store_n(index, value, __ATOMIC_RELEASE);
}

#endif
