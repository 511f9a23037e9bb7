/* simxen run, simxen create: a domain tied to this process. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli.h"
#include "simxen.h"

/* Index of the first argument that is not an option, -1 for wrong usage. count: how many domains,
 * where that can be said. */
static int read_options(int argc, char **argv, struct simxen_domain_config *config,
                        uint32_t *count) {
    int i = 0;
    for (; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--classic") == 0) {
            config->flags |= SIMXEN_CREATE_CLASSIC;
        } else if (strcmp(argv[i], "--console") == 0) {
            config->flags |= SIMXEN_CREATE_CONSOLE;
        } else if (strcmp(argv[i], "--name") == 0 && value != NULL &&
                   strlen(value) < sizeof(config->name)) {
            strcpy(config->name, argv[++i]);
        } else if (strcmp(argv[i], "--domid") == 0 && value != NULL) {
            if (!cli_number(argv[++i], &config->domid))
                return -1;
        } else if (strcmp(argv[i], "--pages") == 0 && value != NULL) {
            if (!cli_number(argv[++i], &config->nr_pages))
                return -1;
        } else if (count != NULL && strcmp(argv[i], "--count") == 0 && value != NULL) {
            if (!cli_number(argv[++i], count) || *count == 0)
                return -1;
        } else {
            break;
        }
    }
    return i;
}

static int make(const struct simxen_domain_config *config, uint32_t *domid) {
    /* The toolstack lives in domain 0, whatever the environment says of us. */
    unsetenv("SIMXEN_DOMID");
    if (simxen_domain_create(config, domid) == 0)
        return 0;
    return cli_fail("can not create the domain: %s: %s", strerror(errno),
                    errno == EEXIST ? "its number or name is in use, see 'simxen list'"
                                    : "see 'simxen --help'");
}

/* One domain with the name and number asked for, or several: NAME1, NAME2 and so on, numbers in a
 * row. */
static int make_all(struct simxen_domain_config config, uint32_t count, uint32_t *domids) {
    char name[sizeof(config.name)];
    strcpy(name, config.name);
    for (uint32_t i = 0; i < count; i++) {
        if (count > 1 && name[0] != '\0' &&
            (size_t)snprintf(config.name, sizeof(config.name), "%s%u", name, i + 1) >=
                sizeof(config.name))
            return cli_fail("the name %s is too long for %u domains: give a shorter one", name,
                            count);
        if (make(&config, &domids[i]) != 0)
            return 1;
        if (config.domid != 0)
            config.domid++;
    }
    return 0;
}

int cli_run(int argc, char **argv) {
    struct simxen_domain_config config = {0};
    int first = read_options(argc, argv, &config, NULL);
    if (first >= 0 && first < argc && strcmp(argv[first], "--") == 0)
        first++;
    else if (first >= 0 && first < argc && argv[first][0] == '-')
        first = -1;
    if (first < 0 || first >= argc)
        return cli_usage();
    uint32_t domid;
    if (make(&config, &domid) != 0)
        return 1;
    char number[16];
    snprintf(number, sizeof(number), "%u", domid);
    setenv("SIMXEN_DOMID", number, 1);
    execvp(argv[first], argv + first);
    return cli_fail("can not run %s: %s: give a program that exists", argv[first], strerror(errno));
}

int cli_create(int argc, char **argv) {
    struct simxen_domain_config config = {0};
    uint32_t count = 1;
    if (read_options(argc, argv, &config, &count) != argc)
        return cli_usage();
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    struct pollfd waits[2] = {{.fd = 0, .events = POLLIN},
                              {.fd = signalfd(-1, &set, SFD_CLOEXEC), .events = POLLIN}};
    uint32_t *domids = calloc(count, sizeof(*domids));
    if (domids == NULL || make_all(config, count, domids) != 0)
        return 1; /* Those that are made end with this process. */
    for (uint32_t i = 0; i < count; i++)
        printf("%u\n", domids[i]);
    fflush(stdout);
    char ignored[256];
    while (poll(waits, 2, -1) >= 0 || errno == EINTR) {
        if (waits[1].revents != 0)
            break;
        if (waits[0].revents != 0 && read(0, ignored, sizeof(ignored)) <= 0)
            break;
    }
    /* Ended by name, so that they are gone when we are, not a moment later. */
    for (uint32_t i = 0; i < count; i++)
        simxen_domain_destroy(domids[i]);
    free(domids);
    return 0;
}
