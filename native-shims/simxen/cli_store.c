/* simxen store. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "xenstore.h"

static int list(struct xs_handle *xs, const char *path) {
    unsigned int count;
    char **names = xs_directory(xs, XBT_NULL, path, &count);
    if (names == NULL)
        return -1;
    for (unsigned int i = 0; i < count; i++)
        puts(names[i]);
    free(names);
    return 0;
}

static int print(struct xs_handle *xs, const char *path) {
    unsigned int len;
    char *value = xs_read(xs, XBT_NULL, path, &len);
    if (value == NULL)
        return -1;
    fwrite(value, 1, len, stdout);
    putchar('\n');
    free(value);
    return 0;
}

static int watch(struct xs_handle *xs, const char *path) {
    if (!xs_watch(xs, path, "cli"))
        return -1;
    unsigned int count;
    char **event;
    while ((event = xs_read_watch(xs, &count)) != NULL) {
        puts(event[XS_WATCH_PATH]);
        fflush(stdout);
        free(event);
    }
    return -1;
}

int cli_store(int argc, char **argv) {
    if (argc != (argc > 0 && strcmp(argv[0], "write") == 0 ? 3 : 2))
        return cli_usage();
    struct xs_handle *xs = xs_open(0);
    if (xs == NULL)
        return cli_fail("can not reach xenstore: %s: is the machine running?", strerror(errno));
    const char *path = argv[1];
    int rc;
    if (strcmp(argv[0], "ls") == 0)
        rc = list(xs, path);
    else if (strcmp(argv[0], "read") == 0)
        rc = print(xs, path);
    else if (strcmp(argv[0], "rm") == 0)
        rc = xs_rm(xs, XBT_NULL, path) ? 0 : -1;
    else if (strcmp(argv[0], "write") == 0)
        rc = xs_write(xs, XBT_NULL, path, argv[2], (unsigned int)strlen(argv[2])) ? 0 : -1;
    else if (strcmp(argv[0], "watch") == 0)
        rc = watch(xs, path);
    else
        rc = cli_usage();
    if (rc < 0)
        rc = cli_fail("store %s %s: %s: see what is there with 'simxen store ls'", argv[0], path,
                      strerror(errno));
    xs_close(xs);
    return rc;
}
