/*
 * A subscriber on the xcs socket, written from the wire's description alone: 80-byte records, a
 * control and a data connection.
 *
 * lab-records [-s SOCKET] [-t SECONDS] DOMID [-T TYPE] [-e SEED:BYTES] [-o SEED:BYTES]
 *
 * Binds to every port and the given type (default 0, the console). -e: the payloads of the domain's
 * requests must be that stream; each request is answered when -a is given. -o: sends that stream to
 * the domain as requests of up to 60 bytes, eight at a time, and wants each answered once, in
 * order, with its type, subtype and id. Prints "bound" when it listens, and what it counted at the
 * end. Ends with 0 when both streams are complete.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common.h"

enum { PAYLOAD = 60, WINDOW = 8, IDS = 128 };

enum { CONNECT_CONTROL = 0, CONNECT_DATA = 1, BIND = 3, REQUEST = 9, RESPONSE = 10 };

struct record {
    uint32_t type;
    uint32_t result;
    union {
        uint64_t session;
        struct {
            int32_t port;
            uint16_t type;
        } bind;
        struct {
            uint32_t domain;
            int32_t local_port;
            uint8_t type;
            uint8_t subtype;
            uint8_t id;
            uint8_t length;
            uint8_t payload[PAYLOAD];
        } message;
        uint8_t bytes[72];
    };
};

_Static_assert(sizeof(struct record) == 80, "a record has 80 bytes");

static uint32_t domain;
static uint8_t message_type;
static bool answering;
static struct seeded_check expected = {.name = "requests of the guest", .fill = seeded_bytes};
static uint64_t send_seed, send_length, sent;
static uint64_t requests_sent, responses, requests;
static int64_t deadline;
static int64_t patience = 60000;

static int connect_to(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path))
        die("%s: too long", path);
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        die("%s: %s", path, strerror(errno));
    return fd;
}

static void receive(int fd, struct record *record) {
    uint8_t *next = (uint8_t *)record;
    size_t missing = sizeof(*record);
    while (missing > 0) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, left_ms(deadline)) <= 0)
            die("nothing came for %d s: %llu of %llu bytes from the guest, %llu requests sent, "
                "%llu answered",
                (int)(patience / 1000), (unsigned long long)expected.position,
                (unsigned long long)expected.length, (unsigned long long)requests_sent,
                (unsigned long long)responses);
        ssize_t got = read(fd, next, missing);
        if (got <= 0)
            die("the daemon closed the connection");
        next += got;
        missing -= (size_t)got;
    }
    deadline = now_ms() + patience;
}

static struct record ask(int fd, struct record record) {
    struct record reply;
    write_all(fd, &record, sizeof(record));
    receive(fd, &reply);
    if (reply.type != record.type || reply.result != 0)
        die("record %u was answered with type %u, result %u", record.type, reply.type,
            reply.result);
    return reply;
}

static void send_request(int fd) {
    struct record record = {.type = REQUEST};
    uint64_t left = send_length - sent;
    record.message.domain = domain;
    record.message.type = message_type;
    record.message.id = (uint8_t)(requests_sent % IDS);
    record.message.length = (uint8_t)(left < PAYLOAD ? left : PAYLOAD);
    seeded_bytes(send_seed, sent, record.message.payload, record.message.length);
    write_all(fd, &record, sizeof(record));
    sent += record.message.length;
    requests_sent++;
}

static void on_request(int fd, struct record *record) {
    requests++;
    if (record->message.length > PAYLOAD)
        die("a request with %u bytes", record->message.length);
    if (expected.length > 0 &&
        seeded_accept(&expected, record->message.payload, record->message.length) != 0)
        exit(1);
    if (answering) {
        record->type = RESPONSE;
        record->message.length = 0;
        write_all(fd, record, sizeof(*record));
    }
}

static void on_response(const struct record *record) {
    if (record->message.type != message_type || record->message.subtype != 0 ||
        record->message.id != responses % IDS || responses == requests_sent)
        die("answer %llu: type %u, subtype %u, id %u; %llu requests were sent",
            (unsigned long long)responses, record->message.type, record->message.subtype,
            record->message.id, (unsigned long long)requests_sent);
    responses++;
}

static bool is_complete(void) {
    return expected.position == expected.length && sent == send_length &&
           responses == requests_sent;
}

static void exchange(int fd) {
    while (!is_complete()) {
        while (sent < send_length && requests_sent - responses < WINDOW)
            send_request(fd);
        struct record record;
        receive(fd, &record);
        if (record.message.domain != domain || record.message.type != message_type)
            continue;
        if (record.type == REQUEST)
            on_request(fd, &record);
        else if (record.type == RESPONSE)
            on_response(&record);
    }
}

static void stream_of(char *text, uint64_t *seed, uint64_t *length) {
    char *colon = strchr(text, ':');
    if (colon == NULL)
        die("'%s' is not SEED:BYTES", text);
    *colon = '\0';
    *seed = number(text, UINT64_MAX);
    *length = number(colon + 1, INT64_MAX);
}

int main(int argc, char **argv) {
    static const char help[] = "usage: lab-records [-s SOCKET] [-t SECONDS] [-T TYPE] [-a] "
                               "[-e SEED:BYTES] [-o SEED:BYTES] DOMID\n";
    const char *path = "/run/xcs/xcs.sock";
    int option;
    while ((option = getopt(argc, argv, "s:t:T:ae:o:")) != -1) {
        switch (option) {
        case 's':
            path = optarg;
            break;
        case 't':
            patience = (int64_t)number(optarg, 86400) * 1000;
            break;
        case 'T':
            message_type = (uint8_t)number(optarg, 255);
            break;
        case 'a':
            answering = true;
            break;
        case 'e':
            stream_of(optarg, &expected.seed, &expected.length);
            break;
        case 'o':
            stream_of(optarg, &send_seed, &send_length);
            break;
        default:
            usage(help);
        }
    }
    if (argc - optind != 1)
        usage(help);
    domain = (uint32_t)number(argv[optind], 0x7FEF);

    deadline = now_ms() + patience;
    int control = connect_to(path);
    struct record reply = ask(control, (struct record){.type = CONNECT_CONTROL});
    int data = connect_to(path);
    ask(data, (struct record){.type = CONNECT_DATA, .session = reply.session});
    struct record bind = {.type = BIND};
    bind.bind.port = (int32_t)0xefffffff; /* every port */
    bind.bind.type = message_type;
    ask(control, bind);
    puts("bound");
    fflush(stdout);

    int64_t start = now_ms();
    exchange(data);
    printf("from the guest: %llu requests, %llu bytes; to the guest: %llu requests, %llu bytes, "
           "%llu answers; "
           "%lld ms\n",
           (unsigned long long)requests, (unsigned long long)expected.position,
           (unsigned long long)requests_sent, (unsigned long long)sent,
           (unsigned long long)responses, (long long)(now_ms() - start));
    return 0;
}
