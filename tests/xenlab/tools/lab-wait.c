/*
 * Waits, without looking again and again, until something has happened; ends with 1 when it has not
 * in time.
 *
 *   lab-wait SECONDS file PATH [PATTERN]   a file exists, and a line in it matches the extended
 *                                          regular expression
 *   lab-wait SECONDS size PATH BYTES       a file has at least so many bytes
 *   lab-wait SECONDS key PATH [PATTERN]    a xenstore key exists, and its value matches; prints the
 *                                          value
 *   lab-wait SECONDS nokey PATH            a xenstore key does not exist (any more)
 *   lab-wait SECONDS exit PID              a process has ended
 *   lab-wait SECONDS ready PROGRAM...      starts a program that tells a service manager when it is
 *                                          ready, and leaves it running; prints its process id
 */
#include <errno.h>
#include <libgen.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xenstore.h>

#include "common.h"

static int64_t deadline;
static regex_t pattern;
static bool any = true;
static uint64_t wanted_size;

static void compile(const char *text) {
    if (text == NULL)
        return;
    if (regcomp(&pattern, text, REG_EXTENDED | REG_NOSUB) != 0)
        die("'%s' is no regular expression", text);
    any = false;
}

static bool matches(const char *text) { return any || regexec(&pattern, text, 0, NULL, 0) == 0; }

static bool readable(int fd, int64_t until) {
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    return poll(&ready, 1, left_ms(until)) > 0;
}

static bool in_file(const char *path) {
    if (any) /* it may be a socket */
        return access(path, F_OK) == 0;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    char *line = NULL;
    size_t size = 0;
    bool found = false;
    ssize_t length;
    while (!found && (length = getline(&line, &size, file)) > 0) {
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
            line[--length] = '\0';
        for (ssize_t i = 0; i < length; i++) /* a console may print anything */
            if (line[i] == '\0')
                line[i] = ' ';
        found = matches(line);
    }
    free(line);
    fclose(file);
    return found;
}

static bool is_large(const char *path) {
    struct stat file;
    return stat(path, &file) == 0 && (uint64_t)file.st_size >= wanted_size;
}

/* The folder is watched, so that the file may come later, and it is looked at after the watch is
 * there. */
static bool wait_for_file(const char *path, bool (*come)(const char *path)) {
    char *copy = strdup(path);
    int watch = inotify_init1(IN_CLOEXEC);
    if (inotify_add_watch(watch, dirname(copy), IN_CREATE | IN_MODIFY | IN_MOVED_TO) < 0)
        die("%s: its folder: %s", path, strerror(errno));
    free(copy);
    while (!come(path)) {
        char events[4096];
        if (!readable(watch, deadline))
            return come(path);
        if (read(watch, events, sizeof(events)) < 0)
            die("inotify: %s", strerror(errno));
    }
    return true;
}

/* True when the key is as wanted; its value is then printed. */
static bool key_is(struct xs_handle *store, const char *path, bool wanted) {
    unsigned int length;
    char *value = xs_read(store, XBT_NULL, path, &length);
    if (value == NULL && errno != ENOENT)
        die("%s: %s", path, strerror(errno));
    bool right = wanted ? value != NULL && matches(value) : value == NULL;
    if (right && wanted)
        puts(value);
    free(value);
    return right;
}

static bool wait_for_key(const char *path, bool wanted) {
    struct xs_handle *store = xs_open(0);
    if (store == NULL)
        die("xenstore: %s", strerror(errno));
    if (!xs_watch(store, path, "key"))
        die("watch of %s: %s", path, strerror(errno));
    /* A destroyed domain's keys go without an event for each; its release is one. */
    if (!wanted)
        xs_watch(store, "@releaseDomain", "release");
    while (!key_is(store, path, wanted)) {
        if (!readable(xs_fileno(store), deadline))
            return key_is(store, path, wanted);
        unsigned int count;
        char **event = xs_read_watch(store, &count);
        if (event == NULL)
            die("xenstore: %s", strerror(errno));
        free(event);
    }
    return true;
}

static bool wait_for_exit(const char *text) {
    pid_t pid = (pid_t)number(text, INT32_MAX);
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0 && errno == ESRCH)
        return true;
    if (fd < 0)
        die("process %d: %s", pid, strerror(errno));
    return readable(fd, deadline);
}

/* Until the child says it is ready; one that fails to start says nothing and ends. */
static void await_start(int notify, pid_t child) {
    struct pollfd news[] = {{.fd = notify, .events = POLLIN},
                            {.fd = (int)syscall(SYS_pidfd_open, child, 0), .events = POLLIN}};
    for (;;) {
        if (poll(news, 2, left_ms(deadline)) <= 0) {
            kill(child, SIGKILL);
            die("it was not ready in time");
        }
        char text[256];
        ssize_t length = recv(notify, text, sizeof(text) - 1, MSG_DONTWAIT);
        text[length > 0 ? length : 0] = '\0';
        if (strstr(text, "READY=1") != NULL)
            return;
        int status;
        if (length <= 0 && waitpid(child, &status, WNOHANG) == child)
            die("it ended before it was ready, with %s %d", WIFEXITED(status) ? "status" : "signal",
                WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    }
}

static void wait_for_ready(char **program) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "/run/lab-ready.%d", getpid());
    int notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bind(notify, (struct sockaddr *)&address, sizeof(address)) != 0)
        die("%s: %s", address.sun_path, strerror(errno));
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
    pid_t child = fork();
    if (child == 0) {
        dup2(STDERR_FILENO, STDOUT_FILENO); /* our standard output is for the process id */
        setsid();
        execvp(program[0], program);
        die("%s: %s", program[0], strerror(errno));
    }
    await_start(notify, child);
    unlink(address.sun_path);
    printf("%d\n", child);
}

int main(int argc, char **argv) {
    static const char help[] = "usage: lab-wait SECONDS file PATH [PATTERN]\n"
                               "       lab-wait SECONDS size PATH BYTES\n"
                               "       lab-wait SECONDS key PATH [PATTERN]\n"
                               "       lab-wait SECONDS nokey PATH\n"
                               "       lab-wait SECONDS exit PID\n"
                               "       lab-wait SECONDS ready PROGRAM [ARGUMENT]...\n";
    if (argc < 4)
        usage(help);
    deadline = now_ms() + (int64_t)number(argv[1], 86400) * 1000;
    const char *what = argv[2];
    if (strcmp(what, "ready") == 0) {
        wait_for_ready(argv + 3);
        return 0;
    }
    if (argc > 5)
        usage(help);
    bool sized = strcmp(what, "size") == 0;
    if (sized)
        wanted_size = number(argc == 5 ? argv[4] : "", INT64_MAX);
    else
        compile(argc == 5 ? argv[4] : NULL);
    bool happened;
    if (sized || strcmp(what, "file") == 0)
        happened = wait_for_file(argv[3], sized ? is_large : in_file);
    else if (strcmp(what, "key") == 0)
        happened = wait_for_key(argv[3], true);
    else if (strcmp(what, "nokey") == 0)
        happened = wait_for_key(argv[3], false);
    else if (strcmp(what, "exit") == 0)
        happened = wait_for_exit(argv[3]);
    else
        usage(help);
    if (!happened)
        die("%s %s%s%s: not within %s s", what, argv[3], argc == 5 ? " " : "",
            argc == 5 ? argv[4] : "", argv[1]);
    return 0;
}
