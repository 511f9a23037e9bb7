#include "link.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "simxen.h"

static pthread_mutex_t s_lock = PTHREAD_MUTEX_INITIALIZER;
static char s_selected_dir[PATH_MAX];
static uint32_t s_selected_domid;
static struct machine_view *s_views;

EXPORT int simxen_select(const char *dir, uint32_t domid) {
    /* Absolute, because the process may change its directory before it opens a handle. */
    char path[PATH_MAX];
    if (realpath(dir, path) == NULL)
        return -1;
    pthread_mutex_lock(&s_lock);
    memcpy(s_selected_dir, path, sizeof(path));
    s_selected_domid = domid;
    pthread_mutex_unlock(&s_lock);
    return 0;
}

static int where(char dir[PATH_MAX], uint32_t *domid) {
    pthread_mutex_lock(&s_lock);
    memcpy(dir, s_selected_dir, PATH_MAX);
    *domid = s_selected_domid;
    pthread_mutex_unlock(&s_lock);
    if (dir[0] != '\0')
        return 0;
    const char *named = getenv("SIMXEN_MACHINE");
    if (named == NULL || named[0] == '\0') {
        fprintf(stderr, "simxen: no machine: set SIMXEN_MACHINE to the directory given to "
                        "'simxen machine'\n");
        errno = ENOENT;
        return -1;
    }
    snprintf(dir, PATH_MAX, "%s", named);
    const char *number = getenv("SIMXEN_DOMID");
    if (number == NULL || number[0] == '\0')
        return 0;
    char *end;
    unsigned long value = strtoul(number, &end, 10);
    if (*end != '\0' || value >= DOMID_LIMIT) {
        fprintf(stderr, "simxen: SIMXEN_DOMID=%s is not a domain number\n", number);
        errno = EINVAL;
        return -1;
    }
    *domid = (uint32_t)value;
    return 0;
}

static int connect_in(int dirfd) {
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    /* By way of the open directory: its own path may be longer than a socket address. */
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/socket", dirfd);
    int rc;
    do
        rc = connect(fd, (struct sockaddr *)&address, sizeof(address));
    while (rc != 0 && errno == EINTR);
    if (rc == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* Takes over dirfd. */
static struct machine_view *view_of(uint64_t instance, int dirfd) {
    pthread_mutex_lock(&s_lock);
    struct machine_view *view = s_views;
    while (view != NULL && view->instance != instance)
        view = view->next;
    if (view != NULL) {
        close(dirfd);
    } else if ((view = calloc(1, sizeof(*view))) != NULL) {
        view->instance = instance;
        view->dirfd = dirfd;
        if (evtchn_table_open(&view->table, dirfd, false) == 0) {
            view->next = s_views;
            s_views = view;
        } else {
            close(dirfd);
            free(view);
            view = NULL;
        }
    }
    pthread_mutex_unlock(&s_lock);
    return view;
}

int link_open(struct link *link, enum handle_kind kind, struct reply *hello) {
    char dir[PATH_MAX];
    memset(link, 0, sizeof(*link));
    if (where(dir, &link->domid) != 0)
        return -1;
    int dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dirfd >= 0)
        link->fd = connect_in(dirfd);
    if (dirfd < 0 || link->fd < 0) {
        int error = errno;
        fprintf(stderr, "simxen: no machine runs in %s (%s): start 'simxen machine %s'\n", dir,
                strerror(error), dir);
        if (dirfd >= 0)
            close(dirfd);
        errno = error;
        return -1;
    }
    pthread_mutex_init(&link->lock, NULL);
    struct call call = {
        .request = {.op = OP_HELLO, .arg = {WIRE_VERSION, (uint32_t)kind, link->domid}}};
    if (link_call(link, &call) != 0) {
        int error = errno;
        close(dirfd);
        close(link->fd);
        errno = error;
        return -1;
    }
    uint64_t instance = call.reply.value[0] | (uint64_t)call.reply.value[1] << 32;
    link->view = view_of(instance, dirfd);
    if (link->view == NULL) {
        int error = errno;
        close(link->fd);
        errno = error;
        return -1;
    }
    if (hello != NULL)
        *hello = call.reply;
    return 0;
}

void link_close(struct link *link) {
    /* A handle may be closed because of an error: that error must survive. */
    int error = errno;
    link_ask(link, OP_CLOSE, 0, 0, NULL);
    close(link->fd);
    pthread_mutex_destroy(&link->lock);
    errno = error;
}

static int exchange(struct link *link, struct call *call) {
    struct iovec out[3] = {{&call->request, sizeof(call->request)},
                           {(void *)call->in, call->in_len},
                           {(void *)call->in2, call->in2_len}};
    struct msghdr message = {.msg_iov = out, .msg_iovlen = 3};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    if (call->pass_fd > 0) {
        int fd = call->pass_fd - 1;
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof(control.bytes);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &fd, sizeof(fd));
    }
    ssize_t n;
    do
        n = sendmsg(link->fd, &message, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EMSGSIZE ? E2BIG : EIO;
    struct iovec in[2] = {{&call->reply, sizeof(call->reply)}, {call->out, call->out_max}};
    message = (struct msghdr){.msg_iov = in, .msg_iovlen = 2};
    do
        n = recvmsg(link->fd, &message, 0);
    while (n < 0 && errno == EINTR);
    if (n < (ssize_t)sizeof(call->reply))
        return EIO;
    if (message.msg_flags & MSG_TRUNC)
        return E2BIG;
    call->out_len = (size_t)n - sizeof(call->reply);
    return call->reply.error;
}

int link_call(struct link *link, struct call *call) {
    if (sizeof(call->request) + call->in_len + call->in2_len > WIRE_PACKET_MAX) {
        errno = E2BIG;
        return -1;
    }
    pthread_mutex_lock(&link->lock);
    int error = exchange(link, call);
    pthread_mutex_unlock(&link->lock);
    if (error == 0)
        return 0;
    errno = error;
    return -1;
}

int link_ask(struct link *link, uint32_t op, uint32_t a, uint32_t b, struct reply *reply) {
    struct call call = {.request = {.op = op, .arg = {a, b}}};
    int rc = link_call(link, &call);
    if (reply != NULL)
        *reply = call.reply;
    return rc;
}

int link_once(struct call *call) {
    struct link link;
    if (link_open(&link, HANDLE_CONTROL, NULL) != 0)
        return -1;
    int rc = link_call(&link, call);
    link_close(&link);
    return rc;
}

void *reserve_pages(size_t count) {
    void *address = mmap(NULL, count * PAGE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return address == MAP_FAILED ? NULL : address;
}

int map_pages(const struct link *link, void *address, int prot, uint32_t domid, uint32_t life,
              const uint32_t *pages, size_t count) {
    char name[48];
    snprintf(name, sizeof(name), "dom-%u-%u", domid, life);
    int fd = openat(link->view->dirfd, name, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        if (errno == ENOENT)
            errno = ESRCH; /* the domain died after the machine said yes */
        return -1;
    }
    int rc = 0;
    for (size_t i = 0, run; i < count && rc == 0; i += run) {
        for (run = 1; i + run < count && pages[i + run] == pages[i] + run; run++)
            ;
        if (pages[i] == UINT32_MAX) {
            run = 1;
            continue;
        }
        void *at = (char *)address + i * PAGE_BYTES;
        if (mmap(at, run * PAGE_BYTES, prot, MAP_SHARED | MAP_FIXED, fd,
                 (off_t)pages[i] * PAGE_BYTES) == MAP_FAILED)
            rc = -1;
    }
    int error = errno;
    close(fd);
    errno = error;
    return rc;
}
