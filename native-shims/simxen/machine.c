/* The machine's life: start, the loop, the end. */
#include "machine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli.h"

struct machine g_machine;

static bool s_stop;
static int s_listener;

void source_add(int fd, struct source *source, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = source};
    if (epoll_ctl(g_machine.epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        abort(); /* out of kernel memory: nothing sensible is left to do */
}

void source_free_later(struct source *source) {
    source->next_dead = g_machine.dead;
    g_machine.dead = source;
}

static void bury(void) {
    while (g_machine.dead != NULL) {
        struct source *source = g_machine.dead;
        g_machine.dead = source->next_dead;
        free(source); /* the first member of what it is part of */
    }
}

struct domain *domain_named(uint32_t domid, const struct domain *self) {
    /* The toolstack is no domain: it has no self. */
    if (domid == DOMID_SELF && self != NULL)
        domid = self->domid;
    return domid < DOMID_LIMIT ? g_machine.domains[domid] : NULL;
}

static void on_listener(struct source *source, uint32_t events) {
    (void)source;
    (void)events;
    connection_accept(s_listener);
}

static void on_signal(struct source *source, uint32_t events) {
    (void)source;
    (void)events;
    s_stop = true;
}

/* Ours by name: the directory may hold other things, and those are not ours to remove. */
static void remove_files(int dirfd) {
    DIR *dir = fdopendir(openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (dir == NULL)
        return;
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, "socket") == 0 || strcmp(entry->d_name, "evtchn") == 0 ||
            strncmp(entry->d_name, "evtchn-", 7) == 0 || strncmp(entry->d_name, "dom-", 4) == 0)
            unlinkat(dirfd, entry->d_name, 0);
    closedir(dir);
}

static int listen_in(int dirfd) {
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/socket", dirfd);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(fd, 4096) != 0)
        return -1;
    return fd;
}

static int signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* A descriptor for every handle and every domain: take what the system lets us have. */
static void raise_descriptor_limit(void) {
    struct rlimit limit = {1u << 20, 1u << 20};
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
        return;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void run(void) {
    struct epoll_event events[256];
    while (!s_stop) {
        int count = epoll_wait(g_machine.epoll, events, 256, faults_timeout());
        for (int i = 0; i < count; i++) {
            struct source *source = events[i].data.ptr;
            source->ready(source, events[i].events);
        }
        faults_blow();
        bury();
    }
}

static int open_directory(const char *path, bool *made) {
    *made = mkdir(path, 0700) == 0;
    if (!*made && errno != EEXIST)
        return cli_fail("can not create %s: %s: choose a directory that can be written, best below "
                        "/dev/shm",
                        path, strerror(errno));
    g_machine.dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (g_machine.dirfd < 0)
        return cli_fail("can not open %s: %s: give a directory", path, strerror(errno));
    /* The lock is on the directory itself: it goes with the process and leaves no file. */
    if (flock(g_machine.dirfd, LOCK_EX | LOCK_NB) != 0)
        return cli_fail("a machine already runs in %s: stop it or choose another directory", path);
    remove_files(g_machine.dirfd);
    return 0;
}

int cli_machine(int argc, char **argv) {
    const char *path = NULL;
    bool die_with_parent = false, made;
    uint32_t dom0_flags = 0;
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--die-with-parent") == 0)
            die_with_parent = true;
        else if (strcmp(argv[i], "--classic") == 0)
            dom0_flags = SIMXEN_CREATE_CLASSIC;
        else if (path == NULL && argv[i][0] != '-')
            path = argv[i];
        else
            return cli_usage();
    }
    if (path == NULL)
        return cli_usage();
    int signal_fd = signals();
    if (die_with_parent) {
        pid_t parent = getppid();
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent)
            return 0;
    }
    if (open_directory(path, &made) != 0)
        return 1;
    raise_descriptor_limit();
    static struct source listener = {on_listener, NULL}, stop = {on_signal, NULL};
    g_machine.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (getrandom(&g_machine.instance, sizeof(g_machine.instance), 0) < 0 ||
        evtchn_table_open(&g_machine.table, g_machine.dirfd, true) != 0)
        return cli_fail("can not create the event channels in %s: %s: is the file system full?",
                        path, strerror(errno));
    g_machine.next_domid = 1;
    g_machine.store = node_new_root();
    struct domain *dom0;
    store_start();
    int error = domain_start(0, "Domain-0", 16, dom0_flags, 0, -1, &dom0);
    s_listener = error == 0 ? listen_in(g_machine.dirfd) : -1;
    if (s_listener < 0)
        return cli_fail("can not start in %s: %s", path, strerror(error ? error : errno));
    source_add(s_listener, &listener, EPOLLIN);
    source_add(signal_fd, &stop, EPOLLIN);
    puts("ready");
    fflush(stdout);
    run();
    remove_files(g_machine.dirfd);
    if (made)
        rmdir(path);
    return 0;
}
