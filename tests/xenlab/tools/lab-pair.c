/*
 * Two programs at the ends of a console, which show that it loses nothing: they agree on a seed
 * over the console itself, then each sends random bytes in writes of random sizes, and checks what
 * comes from the other, both at the same time.
 *
 * lab-pair dom0 [-b BYTES] [-s SECONDS] [-p SECONDS] SEED TERMINAL
 * lab-pair domu [-p SECONDS] TERMINAL
 *
 * The side in dom0 decides: rounds of up to 256 KiB each way, each with a seed of its own, until
 * BYTES (default 1 MiB) have gone each way or SECONDS (-s, default 600) have passed. A side where
 * nothing moves for a while (-p, default 30 s) ends and says where it stood. Ends with 0 when
 * all came.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common.h"

/* Writes go past the size of either ring of a console: 2048 bytes out, 1024 in. */
enum { ROUND = 256 * 1024, LARGEST_WRITE = 3000, LINE = 128 };

static const char ready[] = "pair ready";
static const char end[] = "pair end";
/* Before what the other side has to complain of; no random stream will contain it. */
static const char complaint[] = "\npair: ";

static int terminal;
static int64_t patience = 30000;

/* The stream to the guest. Its kernel keeps ^O for itself where the terminal is its console
 * (SysRq), so there is none in it. */
static void without_sysrq(uint64_t seed, uint64_t position, uint8_t *out, size_t count) {
    seeded_bytes(seed, position, out, count);
    for (size_t i = 0; i < count; i++)
        if (out[i] == 0x0F)
            out[i] = 0xF0;
}

static void open_terminal(const char *path) {
    struct termios raw;
    terminal = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (terminal < 0 || tcgetattr(terminal, &raw) != 0)
        die("%s: %s", path, strerror(errno));
    cfmakeraw(&raw);
    if (tcsetattr(terminal, TCSANOW, &raw) != 0)
        die("%s: %s", path, strerror(errno));
}

/* Waits; false when nothing moved for too long. */
static bool can(short what, short *happened, int64_t deadline) {
    struct pollfd poll_terminal = {.fd = terminal, .events = what};
    int count;
    do
        count = poll(&poll_terminal, 1, left_ms(deadline));
    while (count < 0 && errno == EINTR);
    *happened = poll_terminal.revents;
    return count > 0;
}

/* Up to count bytes; 0 when there is nothing just now. */
static size_t read_now(void *bytes, size_t count) {
    ssize_t got = read(terminal, bytes, count);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (got <= 0)
        die("the terminal has ended: %s", got < 0 ? strerror(errno) : "end of file");
    return (size_t)got;
}

static size_t write_now(const void *bytes, size_t count) {
    ssize_t written = write(terminal, bytes, count);
    if (written < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (written < 0)
        die("the terminal cannot be written: %s", strerror(errno));
    return (size_t)written;
}

static void say(const char *line) {
    char text[LINE + 2];
    size_t length = (size_t)snprintf(text, sizeof(text), "\n%s\n", line);
    int64_t deadline = now_ms() + patience;
    for (size_t done = 0; done < length;) {
        short happened;
        if (!can(POLLOUT, &happened, deadline))
            die("'%s' cannot be written", line);
        done += write_now(text + done, length - done);
    }
}

/* The next line that begins with "pair "; false when none has come in time. A byte at a time:
 * what follows the line belongs to the stream. */
static bool hear(char *line, int64_t deadline) {
    size_t length = 0;
    for (;;) {
        short happened;
        char byte;
        if (!can(POLLIN, &happened, deadline))
            return false;
        if (read_now(&byte, 1) == 0)
            continue;
        if (byte != '\n') {
            if (length < LINE - 1)
                line[length++] = byte;
            continue;
        }
        line[length] = '\0';
        length = 0;
        if (strncmp(line, "pair ", 5) == 0)
            return true;
    }
}

static void hear_exactly(const char *wanted) {
    char line[LINE];
    int64_t deadline = now_ms() + patience;
    do
        if (!hear(line, deadline))
            die("the other side did not say '%s'", wanted);
    while (strcmp(line, wanted) != 0);
}

/* A stream that is sent in writes of random sizes. */
struct sender {
    seeded_fill *fill;
    uint64_t seed;
    uint64_t sizes;
    uint64_t position;
    uint64_t length;
    size_t held;
    size_t sent;
    uint8_t bytes[LARGEST_WRITE];
};

static void send_some(struct sender *out) {
    if (out->sent == out->held) {
        uint8_t size[4];
        seeded_bytes(~out->seed, out->sizes++ * sizeof(size), size, sizeof(size));
        out->held = 1 + (size[0] | (size_t)size[1] << 8) % LARGEST_WRITE;
        if (out->held > out->length - out->position)
            out->held = (size_t)(out->length - out->position);
        out->sent = 0;
        out->fill(out->seed, out->position, out->bytes, out->held);
    }
    size_t count = write_now(out->bytes + out->sent, out->held - out->sent);
    out->sent += count;
    out->position += count;
}

/* The other side has ended over what it got: that is what went wrong, not what comes here. */
static void die_of_complaint(const uint8_t *bytes, size_t count) {
    size_t length = sizeof(complaint) - 1;
    if (count > length && memcmp(bytes, complaint, length) == 0) {
        const uint8_t *last = memchr(bytes + length, '\n', count - length);
        size_t text = (last != NULL ? (size_t)(last - bytes) : count) - length;
        die("the other side says: %.*s", (int)text, (const char *)bytes + length);
    }
}

static void receive_some(struct seeded_check *in) {
    uint8_t piece[4096];
    uint64_t missing = in->length - in->position, before = in->position;
    size_t count = read_now(piece, missing < sizeof(piece) ? (size_t)missing : sizeof(piece));
    if (seeded_accept(in, piece, count) == 0)
        return;
    size_t good = (size_t)(in->position - before);
    die_of_complaint(piece + good, count - good);
    char line[LINE];
    snprintf(line, sizeof(line), "pair: wrong byte %llu of seed %llu",
             (unsigned long long)in->position, (unsigned long long)in->seed);
    say(line);
    exit(1);
}

struct stream {
    seeded_fill *fill;
    uint64_t seed;
};

static struct stream up(uint64_t seed) { return (struct stream){seeded_bytes, seed * 2}; }
static struct stream down(uint64_t seed) { return (struct stream){without_sysrq, seed * 2 + 1}; }

/* One stream each way, at the same time. */
static void exchange(struct stream sent, struct stream received, uint64_t bytes) {
    struct sender out = {.fill = sent.fill, .seed = sent.seed, .length = bytes};
    struct seeded_check in = {"lab-pair", received.fill, received.seed, bytes, 0};
    while (out.position < out.length || in.position < in.length) {
        short wanted = 0, happened;
        if (out.position < out.length)
            wanted |= POLLOUT;
        if (in.position < in.length)
            wanted |= POLLIN;
        if (!can(wanted, &happened, now_ms() + patience))
            die("nothing moves: %llu of %llu bytes of seed %llu sent, %llu of %llu of seed %llu "
                "came",
                (unsigned long long)out.position, (unsigned long long)out.length,
                (unsigned long long)out.seed, (unsigned long long)in.position,
                (unsigned long long)in.length, (unsigned long long)in.seed);
        if (happened & (POLLIN | POLLHUP | POLLERR))
            receive_some(&in);
        if (happened & POLLOUT)
            send_some(&out);
    }
}

static void play_dom0(uint64_t seed, uint64_t bytes, int64_t seconds) {
    char line[LINE];
    int64_t start = now_ms();
    uint64_t done = 0, rounds = 0;
    hear_exactly(ready);
    while (done < bytes && now_ms() - start < seconds * 1000) {
        uint64_t piece = bytes - done < ROUND ? bytes - done : ROUND;
        snprintf(line, sizeof(line), "pair seed %llu bytes %llu",
                 (unsigned long long)(seed + rounds), (unsigned long long)piece);
        say(line);
        hear_exactly(line);
        exchange(down(seed + rounds), up(seed + rounds), piece);
        done += piece;
        rounds++;
    }
    say(end);
    hear_exactly(end);
    fprintf(stderr,
            "lab-pair: %llu bytes each way, all in order (%llu rounds from seed %llu, %.1f s)\n",
            (unsigned long long)done, (unsigned long long)rounds, (unsigned long long)seed,
            (double)(now_ms() - start) / 1000);
}

static void play_domu(void) {
    char line[LINE];
    unsigned long long seed, bytes, done = 0;
    int64_t deadline = now_ms() + patience;
    /* Again and again, because nobody may listen yet. */
    do {
        if (left_ms(deadline) == 0)
            die("nobody is at the other end");
        say(ready);
    } while (!hear(line, now_ms() + 1000));
    while (strcmp(line, end) != 0) {
        if (sscanf(line, "pair seed %llu bytes %llu", &seed, &bytes) != 2)
            die("what is '%s'?", line);
        say(line);
        exchange(up(seed), down(seed), bytes);
        done += bytes;
        if (!hear(line, now_ms() + patience))
            die("after %llu bytes each way the other side says nothing more", done);
    }
    say(end);
    fprintf(stderr, "lab-pair: %llu bytes each way, all in order\n", done);
}

int main(int argc, char **argv) {
    static const char help[] =
        "usage: lab-pair dom0 [-b BYTES] [-s SECONDS] [-p SECONDS] SEED TERMINAL\n"
        "       lab-pair domu [-p SECONDS] TERMINAL\n";
    if (argc < 2)
        usage(help);
    bool deciding = strcmp(argv[1], "dom0") == 0;
    if (!deciding && strcmp(argv[1], "domu") != 0)
        usage(help);
    uint64_t bytes = 1 << 20;
    int64_t seconds = 600;
    int option;
    optind = 2;
    while ((option = getopt(argc, argv, "b:s:p:")) != -1) {
        if (option == 'b' && deciding)
            bytes = number(optarg, INT64_MAX);
        else if (option == 's' && deciding)
            seconds = (int64_t)number(optarg, 86400);
        else if (option == 'p')
            patience = (int64_t)number(optarg, 86400) * 1000;
        else
            usage(help);
    }
    if (argc - optind != (deciding ? 2 : 1))
        usage(help);
    open_terminal(argv[argc - 1]);
    if (deciding)
        play_dom0(number(argv[optind], INT32_MAX), bytes, seconds);
    else
        play_domu();
    return 0;
}
