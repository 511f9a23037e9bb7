#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "simxen.h"
#include "xenforeignmemory.h"

void die(const char *format, ...) {
  va_list args;
  va_start(args, format);
  fprintf(stderr, "%s: ", program_invocation_short_name);
  vfprintf(stderr, format, args);
  fprintf(stderr, " (%s)\n", strerror(errno));
  va_end(args);
  exit(1);
}

uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    die("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
    die("setrlimit");
}

uint32_t number(const char *text, uint32_t most) {
  char *end;
  unsigned long value = strtoul(text, &end, 10);
  if (*text == '\0' || *end != '\0' || value > most)
    die("'%s' is no number from 0 to %u", text, most);
  return (uint32_t)value;
}

static struct sockaddr_un address_of(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof(address.sun_path))
    die("%s is too long for a socket", path);
  strcpy(address.sun_path, path);
  return address;
}

int unix_listen(const char *path) {
  struct sockaddr_un address = address_of(path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  unlink(path);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
      listen(fd, 128) != 0)
    die("%s", path);
  return fd;
}

int unix_connect(const char *path) {
  struct sockaddr_un address = address_of(path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
    die("%s", path);
  return fd;
}

bool receive_all(int fd, void *to, size_t size) {
  for (size_t done = 0; done < size;) {
    ssize_t n = read(fd, (char *)to + done, size - done);
    if (n == 0 || (n < 0 && errno == ECONNRESET))
      return false;
    if (n < 0 && errno != EINTR)
      die("read");
    done += n > 0 ? (size_t)n : 0;
  }
  return true;
}

void send_all(int fd, const void *from, size_t size) {
  for (size_t done = 0; done < size;) {
    ssize_t n = send(fd, (const char *)from + done, size - done, MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR)
      die("send");
    done += n > 0 ? (size_t)n : 0;
  }
}

void set_blocking(int fd, bool blocking) {
  int flags = fcntl(fd, F_GETFL);
  if (fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK) !=
      0)
    die("fcntl");
}

void *map_frame(uint32_t domid, unsigned long frame) {
  xenforeignmemory_handle *memory = xenforeignmemory_open(NULL, 0);
  xen_pfn_t number = frame;
  int error = 0;
  void *page = memory == NULL
                   ? NULL
                   : xenforeignmemory_map(memory, domid, PROT_READ | PROT_WRITE,
                                          1, &number, &error);
  if (page == NULL || error != 0)
    die("frame %#lx of domain %u cannot be mapped", frame, domid);
  /* The mapping stays. */
  xenforeignmemory_close(memory);
  return page;
}

struct control_page *map_control_page(uint32_t domid) {
  return (struct control_page *)((char *)map_frame(domid,
                                                   SIMXEN_SHARED_INFO_FRAME) +
                                 CONTROL_OFFSET);
}
