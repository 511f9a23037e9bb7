#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

int bench(void);

static struct test *s_tests;
static struct test **s_tail = &s_tests;
static const char *s_simxen;
static char s_dirs[2][64];
static pid_t s_machines[2];
static uint32_t s_random = 20050113;

void test_register(struct test *test) {
    *s_tail = test;
    s_tail = &test->next;
}

void test_fail(const char *file, int line, const char *what) {
    fprintf(stderr, "  %s:%d: %s (errno %s)\n", file, line, what, strerrorname_np(errno));
    _exit(1);
}

const char *machine_dir(void) { return s_dirs[0]; }

const char *simxen_path(void) { return s_simxen; }

uint32_t random_below(uint32_t limit) {
    s_random = s_random * 1664525u + 1013904223u;
    return (s_random >> 8) % limit;
}

static void machine_start(int which, const char *option) {
    int ready[2];
    strcpy(s_dirs[which], "/dev/shm/simxen-test-XXXXXX");
    CHECK(mkdtemp(s_dirs[which]) != NULL);
    CHECK(pipe(ready) == 0);
    s_machines[which] = fork();
    if (s_machines[which] == 0) {
        dup2(ready[1], 1);
        close(ready[0]);
        close(ready[1]);
        execl(s_simxen, "simxen", "machine", s_dirs[which], "--die-with-parent", option,
              (char *)NULL);
        _exit(127);
    }
    close(ready[1]);
    char line[16] = "";
    CHECK(read(ready[0], line, sizeof(line) - 1) == 6 && strcmp(line, "ready\n") == 0);
    close(ready[0]);
}

/* Also checks that the machine ends well and leaves nothing. */
static bool machine_stop(int which) {
    int status;
    kill(s_machines[which], SIGTERM);
    waitpid(s_machines[which], &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fprintf(stderr, "  the machine ended with status %x\n", (unsigned)status);
    if (rmdir(s_dirs[which]) != 0)
        fprintf(stderr, "  the machine left files in %s\n", s_dirs[which]);
    else if (status == 0)
        return true;
    return false;
}

const char *machine_start_another(const char *option) {
    machine_start(1, option);
    return s_dirs[1];
}

void machine_stop_another(void) { CHECK(machine_stop(1)); }

static struct process start(const struct simxen_domain_config *config,
                            void (*body)(struct process *self)) {
    struct process parent, child = {0};
    int up[2], down[2];
    CHECK(pipe(up) == 0 && pipe(down) == 0);
    fflush(NULL);
    child.pid = fork();
    CHECK(child.pid >= 0);
    if (child.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(up[0]);
        close(down[1]);
        parent = (struct process){.in = down[0], .out = up[1]};
        if (config != NULL) {
            CHECK(simxen_domain_create(config, &parent.domid) == 0);
            CHECK(simxen_select(machine_dir(), parent.domid) == 0);
            say(&parent, parent.domid);
        }
        body(&parent);
        _exit(0);
    }
    close(up[1]);
    close(down[0]);
    child.in = up[0];
    child.out = down[1];
    if (config != NULL)
        child.domid = hear(&child);
    return child;
}

struct process guest_start_as(const struct simxen_domain_config *config,
                              void (*body)(struct process *self)) {
    return start(config, body);
}

struct process guest_start(void (*body)(struct process *self)) {
    struct simxen_domain_config config = {0};
    return start(&config, body);
}

struct process process_start(void (*body)(struct process *self)) {
    return start(NULL, body);
}

void process_kill(struct process *process) {
    kill(process->pid, SIGKILL);
    waitpid(process->pid, NULL, 0);
    close(process->in);
    close(process->out);
}

void process_join(struct process *process) {
    int status;
    CHECK(waitpid(process->pid, &status, 0) == process->pid);
    CHECK(status == 0);
    close(process->in);
    close(process->out);
}

void say(const struct process *process, uint32_t value) {
    CHECK(write(process->out, &value, sizeof(value)) == (ssize_t)sizeof(value));
}

uint32_t hear(const struct process *process) {
    uint32_t value;
    CHECK(readable(process->in, DEADLINE_MS));
    CHECK(read(process->in, &value, sizeof(value)) == (ssize_t)sizeof(value));
    return value;
}

bool readable(int fd, int timeout_ms) {
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    return poll(&wait, 1, timeout_ms) == 1 && wait.revents & POLLIN;
}

uint32_t next_port(xenevtchn_handle *xce) {
    CHECK(readable(xenevtchn_fd(xce), DEADLINE_MS));
    int port = xenevtchn_pending(xce);
    CHECK(port > 0);
    return (uint32_t)port;
}

void await_watch(struct xs_handle *xs, const char *path, const char *token) {
    for (bool found = false; !found;) {
        CHECK(readable(xs_fileno(xs), DEADLINE_MS));
        char **event = xs_check_watch(xs);
        CHECK(event != NULL);
        found =
            strcmp(event[XS_WATCH_PATH], path) == 0 && strcmp(event[XS_WATCH_TOKEN], token) == 0;
        free(event);
    }
}

static void child_body(void (*body)(void)) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(120);
    CHECK(simxen_select(machine_dir(), 0) == 0);
    body();
    exit(0); /* not _exit: the leak check, when built with one, runs here */
}

static bool run(const struct test *test) {
    int status;
    memset(s_machines, 0, sizeof(s_machines));
    machine_start(0, NULL);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        child_body(test->body);
    waitpid(pid, &status, 0);
    bool passed = machine_stop(0) && status == 0;
    if (WIFSIGNALED(status))
        fprintf(stderr, "  ended by signal %d\n", WTERMSIG(status));
    printf("%s %s\n", passed ? "ok  " : "FAIL", test->name);
    fflush(stdout);
    return passed;
}

/* A second machine belongs to the test's own process, which ends without knowing of it when a
 * check fails: its directory goes by name. */
static void sweep(void) {
    DIR *dir = opendir("/dev/shm");
    char prefix[48], path[320];
    snprintf(prefix, sizeof(prefix), "simxen-test-");
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0) {
            snprintf(path, sizeof(path), "/dev/shm/%s", entry->d_name);
            rmdir(path); /* only if empty: another run's machine is not ours to end */
        }
    if (dir != NULL)
        closedir(dir);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: simxen-tests SIMXEN [bench | PART-OF-A-NAME]\n");
        return 2;
    }
    s_simxen = argv[1];
    if (argc > 2 && strcmp(argv[2], "bench") == 0) {
        machine_start(0, NULL);
        CHECK(simxen_select(machine_dir(), 0) == 0);
        int rc = bench();
        return machine_stop(0) ? rc : 1;
    }
    int passed = 0, failed = 0;
    for (const struct test *test = s_tests; test != NULL; test = test->next) {
        if (argc > 2 && strstr(test->name, argv[2]) == NULL)
            continue;
        if (run(test))
            passed++;
        else
            failed++;
    }
    sweep();
    printf("%d passed, %d failed, 0 skipped\n", passed, failed);
    return failed != 0;
}
