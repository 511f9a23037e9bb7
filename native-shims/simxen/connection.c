/* Connections: one a library handle. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine.h"

#define KIND(k) (1u << (k))

/* What each request needs: the kinds of handle that may make it, and whether only domain 0 may. */
static const struct {
    request_fn *run;
    uint32_t kinds;
    bool privileged;
} s_requests[] = {
    [OP_BIND_UNBOUND] = {op_bind_unbound, KIND(HANDLE_EVTCHN), false},
    [OP_BIND_INTERDOMAIN] = {op_bind_interdomain, KIND(HANDLE_EVTCHN), false},
    [OP_BIND_VIRQ] = {op_bind_virq, KIND(HANDLE_EVTCHN), false},
    [OP_UNBIND] = {op_unbind, KIND(HANDLE_EVTCHN), false},
    [OP_CLAIM] = {op_claim, KIND(HANDLE_EVTCHN), false},
    [OP_MAP_FRAMES] = {op_map_frames, KIND(HANDLE_MEMORY), false},
    [OP_GRANT_MAP] = {op_grant_map, KIND(HANDLE_GNTTAB), false},
    [OP_GRANT_UNMAP] = {op_grant_unmap, KIND(HANDLE_GNTTAB), false},
    [OP_SHARE] = {op_share, KIND(HANDLE_GNTSHR), false},
    [OP_UNSHARE] = {op_unshare, KIND(HANDLE_GNTSHR), false},
    [OP_XS_READ] = {op_xs_read, KIND(HANDLE_STORE), false},
    [OP_XS_WRITE] = {op_xs_write, KIND(HANDLE_STORE), false},
    [OP_XS_MKDIR] = {op_xs_mkdir, KIND(HANDLE_STORE), false},
    [OP_XS_RM] = {op_xs_rm, KIND(HANDLE_STORE), false},
    [OP_XS_DIRECTORY] = {op_xs_directory, KIND(HANDLE_STORE), false},
    [OP_XS_GET_PERMS] = {op_xs_get_perms, KIND(HANDLE_STORE), false},
    [OP_XS_SET_PERMS] = {op_xs_set_perms, KIND(HANDLE_STORE), false},
    [OP_XS_EVENTS] = {op_xs_events, KIND(HANDLE_STORE), false},
    [OP_XS_WATCH] = {op_xs_watch, KIND(HANDLE_STORE), false},
    [OP_XS_UNWATCH] = {op_xs_unwatch, KIND(HANDLE_STORE), false},
    [OP_XS_START] = {op_xs_start, KIND(HANDLE_STORE), false},
    [OP_XS_END] = {op_xs_end, KIND(HANDLE_STORE), false},
    [OP_XS_INTRODUCED] = {op_xs_introduced, KIND(HANDLE_STORE), true},
    [OP_XS_INTRODUCE] = {op_xs_introduce, KIND(HANDLE_STORE), true},
    [OP_XS_RELEASE] = {op_xs_release, KIND(HANDLE_STORE), true},
    [OP_DOMAIN_LIST] = {op_domain_list, KIND(HANDLE_CONTROL), false},
    [OP_DOMAIN_CREATE] = {op_domain_create, KIND(HANDLE_CONTROL), true},
    [OP_DOMAIN_DESTROY] = {op_domain_destroy, KIND(HANDLE_CONTROL), true},
    [OP_DOMAIN_SHUTDOWN] = {op_domain_shutdown, KIND(HANDLE_CONTROL), true},
    [OP_VIRQ] = {op_virq, KIND(HANDLE_CONTROL), true},
    [OP_FAULT_SET] = {op_fault_set, KIND(HANDLE_CONTROL), true},
    [OP_FAULT_CLEAR] = {op_fault_clear, KIND(HANDLE_CONTROL), true},
    [OP_FAULT_LIST] = {op_fault_list, KIND(HANDLE_CONTROL), true},
    [OP_SHOW_DOMAINS] = {op_show_domains, KIND(HANDLE_CONTROL), true},
    [OP_PORT_INFO] = {op_port_info, KIND(HANDLE_CONTROL), true},
    [OP_LOG_READ] = {op_log_read, KIND(HANDLE_CONTROL), true},
    [OP_LOG_APPEND] = {op_log_append, KIND(HANDLE_CONTROL), true},
    [OP_DELIVER] = {op_deliver, KIND(HANDLE_EVTCHN), false},
    [OP_SHOW_PORTS] = {op_show_ports, KIND(HANDLE_CONTROL), true},
};

static void release(struct connection *c) {
    /* Grants before ports: an unmap may have to signal one of the ports. */
    grants_release_connection(c, false);
    if (c->kind == HANDLE_EVTCHN) {
        char name[32];
        ports_release_connection(c);
        evtchn_drop_writer(&g_machine.table, c->fifo);
        snprintf(name, sizeof(name), "evtchn-%u", c->fifo);
        unlinkat(g_machine.dirfd, name, 0);
    }
    watch_release_connection(c);
    store_release_connection(c);
    c->kind = 0;
}

static void end(struct connection *c) {
    release(c);
    close(c->fd);
    if (c->event_fd >= 0)
        close(c->event_fd);
    if (c->prev != NULL)
        c->prev->next = c->next;
    else
        g_machine.connections = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
    source_free_later(&c->source);
}

static int make_fifo(struct connection *c) {
    char name[32];
    c->fifo = ++g_machine.last_fifo;
    snprintf(name, sizeof(name), "evtchn-%u", c->fifo);
    return mkfifoat(g_machine.dirfd, name, 0600) == 0 ? 0 : errno;
}

static int hello(struct connection *c, const uint32_t *arg, uint32_t *value) {
    if (c->kind != 0 || arg[0] != WIRE_VERSION || arg[1] < HANDLE_CONTROL || arg[1] > HANDLE_STORE)
        return EPROTO;
    struct domain *domain = domain_named(arg[2], NULL);
    if (domain == NULL || domain->flags & XCS_DOMAIN_DYING)
        return ESRCH;
    int error = arg[1] == HANDLE_EVTCHN ? make_fifo(c) : 0;
    if (error != 0)
        return error;
    c->kind = (enum handle_kind)arg[1];
    c->domain = domain;
    c->domid = domain->domid;
    value[0] = (uint32_t)g_machine.instance;
    value[1] = (uint32_t)(g_machine.instance >> 32);
    value[2] = c->fifo;
    value[3] = domain->life;
    return 0;
}

static int answer(struct connection *c, const struct request *request, struct exchange *x) {
    uint32_t op = request->op;
    if (op == OP_HELLO)
        return hello(c, request->arg, x->value);
    if (op == OP_CLOSE) {
        release(c);
        return 0;
    }
    if (op >= sizeof(s_requests) / sizeof(s_requests[0]) || s_requests[op].run == NULL ||
        !(s_requests[op].kinds & KIND(c->kind)))
        return EPROTO;
    if (c->domain == NULL)
        return ESRCH; /* a process that outlived its domain */
    if (s_requests[op].privileged && c->domid != 0)
        return EPERM;
    return s_requests[op].run(x);
}

static int passed_fd(struct msghdr *message) {
    int fd = -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    if (header != NULL && header->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(header), sizeof(fd));
    return fd;
}

static void on_readable(struct source *source, uint32_t events) {
    static char in[WIRE_PACKET_MAX + 1];
    static _Alignas(8) char out[WIRE_PACKET_MAX];
    struct connection *c = (struct connection *)source;
    struct request request;
    struct reply reply = {0};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    (void)events;
    struct iovec in_parts[2] = {{&request, sizeof(request)}, {in, WIRE_PACKET_MAX}};
    struct msghdr message = {.msg_iov = in_parts,
                             .msg_iovlen = 2,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    ssize_t n = recvmsg(c->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < (ssize_t)sizeof(request)) {
        end(c);
        return;
    }
    size_t in_len = (size_t)n - sizeof(request);
    in[in_len] = '\0'; /* payloads are read as strings */
    struct exchange x = {.from = c,
                         .domain = c->domain,
                         .arg = request.arg,
                         .in = in,
                         .in_len = in_len,
                         .fd = passed_fd(&message),
                         .value = reply.value,
                         .out = out};
    reply.error = answer(c, &request, &x);
    if (x.fd >= 0)
        close(x.fd);
    struct iovec out_parts[2] = {{&reply, sizeof(reply)}, {out, reply.error == 0 ? x.out_len : 0}};
    message = (struct msghdr){.msg_iov = out_parts, .msg_iovlen = 2};
    /* A client has one request under way at most, so its socket has room for the reply. */
    if (sendmsg(c->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        end(c);
}

void connection_accept(int listener) {
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            return;
        struct connection *c = calloc(1, sizeof(*c));
        struct ucred peer;
        socklen_t len = sizeof(peer);
        if (c == NULL || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) {
            free(c);
            close(fd);
            continue;
        }
        c->source.ready = on_readable;
        c->fd = fd;
        c->pid = peer.pid;
        c->event_fd = -1;
        c->next = g_machine.connections;
        if (c->next != NULL)
            c->next->prev = c;
        g_machine.connections = c;
        source_add(fd, &c->source, EPOLLIN);
    }
}
