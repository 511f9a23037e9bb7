/*
 * Seeded bytes for one end of a console or a channel, and their check at the other.
 *
 * lab-stream gen [-t] SEED BYTES [FROM]
 *     writes them to standard output
 * lab-stream check [-et] [-a MARK] SEED BYTES [FROM]
 *     reads standard input until all have come
 *
 * -t: text in lines of 64 characters, which a terminal in raw output mode does not change.
 * -a MARK: what comes before the line MARK does not count; carriage returns in text after it are
 * expected.
 * -e: the input may end anywhere in the stream, as that of a guest that was killed does.
 * FROM: position in the stream to begin at; 0 if not given.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"

static void generate(seeded_fill *fill, uint64_t seed, uint64_t from, uint64_t bytes) {
    uint8_t piece[4096];
    while (bytes > 0) {
        size_t count = bytes < sizeof(piece) ? (size_t)bytes : sizeof(piece);
        fill(seed, from, piece, count);
        write_all(STDOUT_FILENO, piece, count);
        from += count;
        bytes -= count;
    }
}

/* Reads up to the end of the line that is MARK: from a pipe a byte at a time, because the rest
 * belongs to the stream. */
static void skip_to(const char *mark) {
    char line[256];
    static char piece[65536];
    size_t length = 0;
    off_t position = lseek(STDIN_FILENO, 0, SEEK_CUR);
    ssize_t count;
    while ((count = read(STDIN_FILENO, piece, position < 0 ? 1 : sizeof(piece))) > 0) {
        for (ssize_t i = 0; i < count; i++) {
            if (piece[i] != '\n') {
                if (piece[i] != '\r' && length < sizeof(line) - 1)
                    line[length++] = piece[i];
                continue;
            }
            line[length] = '\0';
            length = 0;
            if (strcmp(line, mark) == 0) {
                if (position >= 0)
                    lseek(STDIN_FILENO, position + i + 1, SEEK_SET);
                return;
            }
        }
        position += position < 0 ? 0 : count;
    }
    die("the line '%s' did not come", mark);
}

static size_t without_returns(uint8_t *bytes, size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != '\r')
            bytes[kept++] = bytes[i];
    return kept;
}

static void check(seeded_fill *fill, uint64_t seed, uint64_t from, uint64_t bytes, const char *mark,
                  bool may_end) {
    struct seeded_check check = {"lab-stream", fill, seed, from + bytes, from};
    uint8_t piece[4096];
    if (mark != NULL)
        skip_to(mark);
    while (check.position < check.length) {
        /* No further than the stream: what follows it may be other output. */
        uint64_t missing = check.length - check.position;
        ssize_t got =
            read(STDIN_FILENO, piece, missing < sizeof(piece) ? (size_t)missing : sizeof(piece));
        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0 && may_end)
            break;
        if (got <= 0)
            die("the input ends at byte %llu of %llu (seed %llu)%s%s",
                (unsigned long long)check.position, (unsigned long long)check.length,
                (unsigned long long)seed, got < 0 ? ": " : "", got < 0 ? strerror(errno) : "");
        size_t count =
            mark != NULL && fill == seeded_text ? without_returns(piece, (size_t)got) : (size_t)got;
        if (seeded_accept(&check, piece, count) != 0)
            exit(1);
    }
    fprintf(stderr, "lab-stream: %llu bytes of seed %llu, all in order\n",
            (unsigned long long)(check.position - from), (unsigned long long)seed);
}

int main(int argc, char **argv) {
    static const char help[] = "usage: lab-stream gen [-t] SEED BYTES [FROM]\n"
                               "       lab-stream check [-et] [-a MARK] SEED BYTES [FROM]\n";
    if (argc < 2)
        usage(help);
    bool generating = strcmp(argv[1], "gen") == 0;
    if (!generating && strcmp(argv[1], "check") != 0)
        usage(help);
    seeded_fill *fill = seeded_bytes;
    const char *mark = NULL;
    bool may_end = false;
    int option;
    optind = 2;
    while ((option = getopt(argc, argv, "eta:")) != -1) {
        if (option == 't')
            fill = seeded_text;
        else if (option == 'a' && !generating)
            mark = optarg;
        else if (option == 'e' && !generating)
            may_end = true;
        else
            usage(help);
    }
    if (argc - optind != 2 && argc - optind != 3)
        usage(help);
    uint64_t seed = number(argv[optind], UINT64_MAX);
    uint64_t bytes = number(argv[optind + 1], INT64_MAX);
    uint64_t from = argc - optind == 3 ? number(argv[optind + 2], INT64_MAX) : 0;
    if (generating)
        generate(fill, seed, from, bytes);
    else
        check(fill, seed, from, bytes, mark, may_end);
    return 0;
}
