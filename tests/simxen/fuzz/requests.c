/* Requests to the machine from any client, honest or not: a libFuzzer target over what simxen reads
 * from its socket. Beside the sanitizers: each request has one reply, or the end; and when all
 * clients are gone, nobody holds a port or a mapping.
 *
 * An input is a series of requests: which client (12 of them: six kinds of handle, of domain 0 and
 * of domain 1), which request, six arguments of a byte, length and bytes. */
#include "../../../native-shims/simxen/machine.c"
/* Its functions are static, and a machine that is fuzzed has no listener. */
#include "../../../native-shims/simxen/connection.c"

#define CLIENTS 12
#define MOST_REQUESTS 40

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char s_directory[] = "/dev/shm/simxen-fuzz-XXXXXX";
static int s_peers[CLIENTS];
static struct connection *s_clients[CLIENTS];

int cli_usage(void) { return 2; }

int cli_fail(const char *format, ...) {
    (void)format;
    return 1;
}

static void require(bool holds, const char *rule) {
    if (!holds) {
        fprintf(stderr, "rule broken: %s\n", rule);
        abort();
    }
}

static void leave(void) {
    remove_files(g_machine.dirfd);
    rmdir(s_directory);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    require(mkdtemp(s_directory) != NULL, "a directory in /dev/shm");
    g_machine.dirfd = open(s_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_machine.epoll = epoll_create1(EPOLL_CLOEXEC);
    require(evtchn_table_open(&g_machine.table, g_machine.dirfd, true) == 0, "a table of ports");
    atexit(leave);
    return 0;
}

static void begin(void) {
    struct domain *domain;
    g_machine.next_domid = 1;
    g_machine.store = node_new_root();
    store_start();
    require(domain_start(0, "Domain-0", 16, 0, 0, -1, &domain) == 0, "domain 0 starts");
    require(domain_start(1, "guest", 16, SIMXEN_CREATE_CONSOLE | SIMXEN_CREATE_CLASSIC, 0, -1,
                         &domain) == 0,
            "domain 1 starts");
}

static void send_request(int client, const struct request *request, const void *payload,
                         size_t len) {
    struct iovec parts[2] = {{(void *)(uintptr_t)request, sizeof(*request)},
                             {(void *)(uintptr_t)payload, len}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    int pair[2] = {-1, -1};
    if (request->op == OP_XS_EVENTS && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof(control.bytes);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        *header = (struct cmsghdr){
            .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
        memcpy(CMSG_DATA(header), &pair[0], sizeof(int));
    }
    sendmsg(s_peers[client], &message, MSG_NOSIGNAL);
    if (pair[0] >= 0) {
        close(pair[0]);
        close(pair[1]);
    }
}

static bool is_connected(int client) {
    for (struct connection *c = g_machine.connections; c != NULL; c = c->next)
        if (c == s_clients[client])
            return true;
    return false;
}

/* Sends a request, has it answered, and looks at the reply. */
static void ask(int client, const struct request *request, const void *payload, size_t len) {
    static char reply[WIRE_PACKET_MAX];
    send_request(client, request, payload, len);
    s_clients[client]->source.ready(&s_clients[client]->source, EPOLLIN);
    ssize_t got = recv(s_peers[client], reply, sizeof(reply), MSG_DONTWAIT);
    if (!is_connected(client)) {
        close(s_peers[client]);
        s_clients[client] = NULL;
        return;
    }
    require(got >= (ssize_t)sizeof(struct reply), "a request has a whole reply");
    int32_t error;
    memcpy(&error, reply, sizeof(error));
    require(error >= 0 && error < 4096, "a reply has an errno, or none");
    require(error == 0 || got == (ssize_t)sizeof(struct reply), "a refusal has nothing more");
    require(recv(s_peers[client], reply, 1, MSG_DONTWAIT) < 0, "a request has one reply");
}

static void join(int client) {
    int pair[2];
    require(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0,
            "a socket");
    struct connection *c = calloc(1, sizeof(*c));
    c->source.ready = on_readable;
    c->fd = pair[0];
    c->pid = getpid();
    c->event_fd = -1;
    c->next = g_machine.connections;
    if (c->next != NULL)
        c->next->prev = c;
    g_machine.connections = c;
    source_add(pair[0], &c->source, EPOLLIN);
    s_clients[client] = c;
    s_peers[client] = pair[1];
    struct request hello_request = {OP_HELLO,
                                    {WIRE_VERSION, 1 + (uint32_t)client % 6, client < 6 ? 0 : 1}};
    ask(client, &hello_request, NULL, 0);
}

static uint32_t argument(uint8_t byte) {
    static const uint32_t s_values[] = {0xFFFFFFFFu,
                                        0x7FFFFFFFu,
                                        0x80000000u,
                                        DOMID_SELF,
                                        DOMID_LIMIT - 1,
                                        65535,
                                        65536,
                                        1u << 20,
                                        SIMXEN_CONTROL_PORT,
                                        SIMXEN_CONSOLE_PORT,
                                        SIMXEN_CONSOLE_REF,
                                        4096,
                                        NO_NOTIFY - 1,
                                        256,
                                        1024,
                                        131072};
    return byte < 0xF0 ? byte : s_values[byte - 0xF0];
}

static void finish(void) {
    struct exchange x = {0};
    uint32_t arg[WIRE_ARGS] = {0}, value[WIRE_ARGS];
    char out[16];
    x.arg = arg;
    x.value = value;
    x.in = "";
    x.out = out;
    op_fault_clear(&x);
    for (int i = 0; i < CLIENTS; i++)
        if (s_clients[i] != NULL) {
            end(s_clients[i]);
            close(s_peers[i]);
            s_clients[i] = NULL;
        }
    bury();
    for (uint32_t domid = 0; domid < g_machine.next_domid && domid < DOMID_LIMIT; domid++) {
        struct domain *domain = g_machine.domains[domid];
        if (domain == NULL)
            continue;
        for (uint32_t port = 0; port < domain->ports_used; port++)
            require(domain->ports[port].owner == NULL, "a port has an owner that is gone");
        for (uint32_t ref = 0; ref < domain->nr_grants; ref++)
            require(domain->grants[ref].in_use == 0, "a grant is mapped by nobody");
        domain_end(domain);
    }
    bury();
    node_release(g_machine.store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    begin();
    for (int requests = 0; size >= 9 && requests < MOST_REQUESTS; requests++) {
        int client = data[0] % CLIENTS;
        struct request request = {data[1] % (OP_LOG_APPEND + 3), {0}};
        for (int i = 0; i < WIRE_ARGS; i++)
            request.arg[i] = argument(data[2 + i]);
        size_t len = data[8];
        data += 9;
        size -= 9;
        len = len < size ? len : size;
        if (s_clients[client] == NULL)
            join(client);
        if (s_clients[client] != NULL)
            ask(client, &request, data, len);
        data += len;
        size -= len;
        bury();
    }
    finish();
    return 0;
}
