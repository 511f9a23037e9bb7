/* simxen fault. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "simxen.h"

static const char *const s_kinds[] = {
    [SIMXEN_FAULT_MAP] = "map",       [SIMXEN_FAULT_GRANT_MAP] = "grant",
    [SIMXEN_FAULT_BIND] = "bind",     [SIMXEN_FAULT_INFO] = "info",
    [SIMXEN_FAULT_STORE] = "store",   [SIMXEN_FAULT_ZOMBIE] = "zombie",
    [SIMXEN_FAULT_REVOKE] = "revoke", [SIMXEN_FAULT_STORM] = "storm",
};

static int list(void) {
    struct simxen_fault faults[64];
    int count = simxen_fault_list(faults, 64);
    if (count < 0)
        return cli_fail("can not list the faults: %s: is the machine running?", strerror(errno));
    for (int i = 0; i < count; i++) {
        const struct simxen_fault *f = &faults[i];
        printf("%u %s hits %llu left ", f->id, s_kinds[f->kind], (unsigned long long)f->hits);
        if (f->count == 0 && !f->spent)
            fputs("all", stdout);
        else
            printf("%u", f->count);
        if (f->kind == SIMXEN_FAULT_STORE)
            printf(" path %s", f->path);
        else if (f->domid == SIMXEN_ANY_DOMID)
            fputs(" domid all", stdout);
        else
            printf(" domid %u", f->domid);
        if (f->kind == SIMXEN_FAULT_STORM || f->kind == SIMXEN_FAULT_REVOKE)
            printf(" %s %u", f->kind == SIMXEN_FAULT_STORM ? "port" : "ref", f->port);
        printf(" error %s\n", strerrorname_np((int)f->error));
    }
    return 0;
}

static bool read_errno(const char *text, uint32_t *value) {
    if (cli_number(text, value))
        return *value > 0 && *value < 4096;
    for (int i = 1; i < 134; i++)
        if (strerrorname_np(i) != NULL && strcmp(strerrorname_np(i), text) == 0) {
            *value = (uint32_t)i;
            return true;
        }
    return false;
}

static bool read_domid(const char *text, uint32_t *value) {
    *value = SIMXEN_ANY_DOMID;
    return strcmp(text, "all") == 0 || cli_number(text, value);
}

/* What stands between the kind and the options. */
static bool read_subject(struct simxen_fault *f, int argc, char **argv) {
    if (argc < 1 || argc > 2)
        return false;
    switch (f->kind) {
    case SIMXEN_FAULT_STORE:
        if (strlen(argv[0]) >= sizeof(f->path))
            return false;
        strcpy(f->path, argv[0]);
        return argc == 1 || read_errno(argv[1], &f->error);
    case SIMXEN_FAULT_STORM:
        return argc == 1 && cli_number(argv[0], &f->port);
    case SIMXEN_FAULT_REVOKE:
        return argc == 2 && cli_number(argv[0], &f->domid) && cli_number(argv[1], &f->port);
    case SIMXEN_FAULT_INFO:
    case SIMXEN_FAULT_ZOMBIE:
        return argc == 1 && read_domid(argv[0], &f->domid);
    default:
        return read_domid(argv[0], &f->domid) && (argc == 1 || read_errno(argv[1], &f->error));
    }
}

static bool read_fault(struct simxen_fault *f, int argc, char **argv) {
    for (uint32_t kind = SIMXEN_FAULT_MAP; kind <= SIMXEN_FAULT_STORM; kind++)
        if (strcmp(argv[0], s_kinds[kind]) == 0)
            f->kind = kind;
    int subject = 1, end = 1;
    while (end < argc && strncmp(argv[end], "--", 2) != 0)
        end++;
    for (int i = end; i < argc; i += 2) {
        uint32_t *value = strcmp(argv[i], "--count") == 0   ? &f->count
                          : strcmp(argv[i], "--rate") == 0  ? &f->rate
                          : strcmp(argv[i], "--domid") == 0 ? &f->domid
                                                            : NULL;
        if (value == NULL || i + 1 >= argc || !cli_number(argv[i + 1], value))
            return false;
    }
    return f->kind != 0 && read_subject(f, end - subject, argv + subject);
}

int cli_fault(int argc, char **argv) {
    uint32_t id;
    if (argc == 1 && strcmp(argv[0], "list") == 0)
        return list();
    if (argc == 2 && strcmp(argv[0], "clear") == 0 && read_domid(argv[1], &id)) {
        if (simxen_fault_clear(id) == 0)
            return 0;
        return cli_fail("can not clear fault %s: %s: see 'simxen fault list'", argv[1],
                        strerror(errno));
    }
    struct simxen_fault fault = {0};
    if (argc < 2 || !read_fault(&fault, argc, argv))
        return cli_usage();
    if (simxen_fault_set(&fault, &id) != 0)
        return cli_fail("can not set the fault: %s: see 'simxen list' and 'simxen ports'",
                        strerror(errno));
    printf("%u\n", id);
    return 0;
}
