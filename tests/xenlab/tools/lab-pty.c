/*
 * Runs a program on a terminal of its own and talks to it as a person would.
 *
 * lab-pty [-t SECONDS] STEP... -- PROGRAM [ARGUMENT]...
 *
 * STEP is one of
 *   s:TEXT   type it; \n, \r, \e, \\ and \xHH mean what they mean in C (^] is \x1d)
 *   e:TEXT   wait until it has been shown, after what the last e: found
 *   x:CODE   wait for the program's end with that exit status
 * Each wait has SECONDS (default 20). What the program shows goes to standard output. A program
 * that still runs after the last step is hung up, as by a closed window. Ends with 0 when every
 * step came true.
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"

static int terminal;
static char shown[1 << 20];
static size_t shown_length;

static char hex_byte(const char **text) {
    char digits[3] = {(*text)[0], (*text)[0] != '\0' ? (*text)[1] : '\0', '\0'};
    char *end;
    long value = strtol(digits, &end, 16);
    if (end != digits + 2)
        die("\\x wants two hexadecimal digits");
    *text += 2;
    return (char)value;
}

static void type(const char *text) {
    char bytes[4096];
    size_t count = 0;
    while (*text != '\0' && count < sizeof(bytes)) {
        char byte = *text++;
        if (byte == '\\') {
            byte = *text != '\0' ? *text++ : '\\';
            if (byte == 'n')
                byte = '\n';
            else if (byte == 'r')
                byte = '\r';
            else if (byte == 'e')
                byte = '\x1b';
            else if (byte == 'x')
                byte = hex_byte(&text);
        }
        bytes[count++] = byte;
    }
    write_all(terminal, bytes, count);
}

/* Takes what is shown until the deadline; false when nothing comes any more. */
static bool read_some(int64_t deadline) {
    struct pollfd ready = {.fd = terminal, .events = POLLIN};
    if (poll(&ready, 1, left_ms(deadline)) <= 0)
        return false;
    if (shown_length > sizeof(shown) / 2) {
        memmove(shown, shown + shown_length / 2, shown_length - shown_length / 2);
        shown_length -= shown_length / 2;
    }
    /* EIO: the program and all that it started have closed the terminal. */
    ssize_t count = read(terminal, shown + shown_length, sizeof(shown) - shown_length);
    if (count <= 0)
        return false;
    write_all(STDOUT_FILENO, shown + shown_length, (size_t)count);
    shown_length += (size_t)count;
    return true;
}

static void expect(const char *text, int64_t deadline) {
    for (;;) {
        char *found = memmem(shown, shown_length, text, strlen(text));
        if (found != NULL) {
            size_t used = (size_t)(found - shown) + strlen(text);
            memmove(shown, shown + used, shown_length - used);
            shown_length -= used;
            return;
        }
        if (!read_some(deadline))
            die("'%s' was not shown%s", text,
                left_ms(deadline) > 0 ? ", and the program ended" : "");
    }
}

static void expect_end(pid_t child, int code, int64_t deadline) {
    while (read_some(deadline))
        ;
    int status = 0;
    if (left_ms(deadline) == 0 && waitpid(child, &status, WNOHANG) == 0)
        die("the program did not end");
    /* The terminal is closed, so the program is at its end. */
    if (waitpid(child, &status, 0) < 0 && errno != ECHILD)
        die("waitpid: %s", strerror(errno));
    if (!WIFEXITED(status) || WEXITSTATUS(status) != code)
        die("the program ended with %s %d, not with status %d",
            WIFEXITED(status) ? "status" : "signal",
            WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), code);
}

int main(int argc, char **argv) {
    static const char help[] = "usage: lab-pty [-t SECONDS] STEP... -- PROGRAM [ARGUMENT]...\n"
                               "steps: s:TEXT type, e:TEXT expect, x:CODE expect the end\n";
    int64_t patience = 20000;
    int first = 1;
    if (argc > 2 && strcmp(argv[1], "-t") == 0) {
        patience = (int64_t)number(argv[2], 86400) * 1000;
        first = 3;
    }
    int last = first;
    while (last < argc && strcmp(argv[last], "--") != 0)
        last++;
    if (last >= argc - 1)
        usage(help);

    struct winsize size = {.ws_row = 25, .ws_col = 200};
    pid_t child = forkpty(&terminal, NULL, NULL, &size);
    if (child < 0)
        die("forkpty: %s", strerror(errno));
    if (child == 0) {
        execvp(argv[last + 1], argv + last + 1);
        die("%s: %s", argv[last + 1], strerror(errno));
    }
    bool ended = false;
    for (int i = first; i < last; i++) {
        int64_t deadline = now_ms() + patience;
        if (strncmp(argv[i], "s:", 2) == 0) {
            type(argv[i] + 2);
        } else if (strncmp(argv[i], "e:", 2) == 0) {
            expect(argv[i] + 2, deadline);
        } else if (strncmp(argv[i], "x:", 2) == 0) {
            expect_end(child, (int)number(argv[i] + 2, 255), deadline);
            ended = true;
        } else {
            usage(help);
        }
    }
    if (!ended) {
        kill(child, SIGHUP);
        close(terminal);
        waitpid(child, NULL, 0);
    }
    return 0;
}
