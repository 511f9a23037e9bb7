/* Tests of simxen, with real processes. Every test runs in a process of its own, against a machine
 * of its own; it is in domain 0 unless it starts guests. */
#ifndef SIMXEN_TEST_H
#define SIMXEN_TEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../native-shims/xenctrl/xcs_xenctrl.h"
#include "simxen.h"
#include "xenevtchn.h"
#include "xenforeignmemory.h"
#include "xengnttab.h"
#include "xenstore.h"

#define DEADLINE_MS 20000

struct test {
    const char *name;
    void (*body)(void);
    struct test *next;
};

void test_register(struct test *test);

#define TEST(title)                                                                                \
    static void title(void);                                                                       \
    __attribute__((constructor)) static void register_##title(void) {                              \
        static struct test test = {#title, title, 0};                                              \
        test_register(&test);                                                                      \
    }                                                                                              \
    static void title(void)

void test_fail(const char *file, int line, const char *what) __attribute__((noreturn));

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            test_fail(__FILE__, __LINE__, #condition);                                             \
    } while (0)

/* CHECK that a call fails with this errno. */
#define CHECK_FAILS(error, failed)                                                                 \
    do {                                                                                           \
        errno = 0;                                                                                 \
        CHECK(failed);                                                                             \
        CHECK(errno == (error));                                                                   \
    } while (0)

/* A process that talks with the test over two pipes. */
struct process {
    pid_t pid;
    uint32_t domid;
    int in;
    int out;
};

const char *machine_dir(void);
const char *simxen_path(void);
/* A second machine in this test, with one more option or NULL. Returns its directory. */
const char *machine_start_another(const char *option);
void machine_stop_another(void);

/* A new domain whose life is that process. */
struct process guest_start(void (*body)(struct process *self));
struct process guest_start_as(const struct simxen_domain_config *config,
                              void (*body)(struct process *self));
/* Another process of the domain this test is in. */
struct process process_start(void (*body)(struct process *self));
void process_kill(struct process *process);
/* Waits for it to end by itself, with success. */
void process_join(struct process *process);
void say(const struct process *process, uint32_t value);
uint32_t hear(const struct process *process);

bool readable(int fd, int timeout_ms);
uint32_t next_port(xenevtchn_handle *xce);
/* The next event of this path and token; others are passed over. */
void await_watch(struct xs_handle *xs, const char *path, const char *token);
uint32_t random_below(uint32_t limit);

#endif
