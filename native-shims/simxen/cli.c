/* simxen: the command line. */
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simxen.h"
#include "wire.h"

static const char s_usage[] =
    "usage: simxen COMMAND …\n"
    "  machine DIR [--die-with-parent]   run a machine; prints 'ready', ends on SIGTERM\n"
    "      --classic   domain 0 has a control channel of its own, announced as a guest's is\n"
    "  run [OPTION…] -- CMD [ARG…]       run CMD in a new domain that ends with it\n"
    "  create [OPTION…]                  a domain that lives until stdin ends or SIGTERM\n"
    "      --name NAME --domid D --pages N\n"
    "      --count N   (create) so many: NAME1, NAME2…\n"
    "      --classic   announce the 2005 control channel at /tool/xcs/classic/<domid>\n"
    "      --console   page, port and store keys of today's console ring\n"
    "  destroy DOMID                     end a domain\n"
    "  shutdown DOMID [REASON]           mark it shut down; it stays until destroyed\n"
    "  list                              domid, name, pid, life\n"
    "  ports DOMID                       event channels of a domain\n"
    "  virq N [DOMID]                    raise a virtual interrupt\n"
    "  log TEXT                          a line for the hypervisor's own log\n"
    "  store ls|read|rm|watch PATH       xenstore; watch prints paths until SIGTERM\n"
    "  store write PATH VALUE\n"
    "  fault map|grant|bind DOMID|all [ERRNO] [--count N]\n"
    "  fault info|zombie DOMID|all [--count N]\n"
    "  fault store PATH [ERRNO] [--count N]\n"
    "  fault revoke DOMID REF\n"
    "  fault storm PORT [--domid D] [--rate N] [--count N]\n"
    "  fault list | clear ID|all\n"
    "The machine is named by SIMXEN_MACHINE (its directory), the domain by SIMXEN_DOMID (0).\n";

int cli_fail(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("simxen: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return 1;
}

int cli_usage(void) {
    fputs(s_usage, stderr);
    return 2;
}

bool cli_number(const char *text, uint32_t *value) {
    char *end;
    errno = 0;
    unsigned long number = strtoul(text, &end, 0);
    *value = (uint32_t)number;
    return errno == 0 && end != text && *end == '\0' && text[0] != '-' && number <= UINT32_MAX;
}

static int show(uint32_t op, uint32_t domid) {
    static char text[WIRE_PACKET_MAX];
    uint32_t next = 0;
    do {
        if (simxen_show(op, domid, &next, text, sizeof(text)) != 0)
            return cli_fail("%s: see 'simxen list' for the domains there are", strerror(errno));
        fputs(text, stdout);
    } while (next != 0);
    return 0;
}

static int cli_list(int argc, char **argv) {
    (void)argv;
    return argc == 0 ? show(OP_SHOW_DOMAINS, 0) : cli_usage();
}

static int cli_ports(int argc, char **argv) {
    uint32_t domid;
    return argc == 1 && cli_number(argv[0], &domid) ? show(OP_SHOW_PORTS, domid) : cli_usage();
}

static int cli_destroy(int argc, char **argv) {
    uint32_t domid;
    if (argc != 1 || !cli_number(argv[0], &domid))
        return cli_usage();
    if (simxen_domain_destroy(domid) != 0)
        return cli_fail("can not destroy domain %u: %s: see 'simxen list'", domid, strerror(errno));
    return 0;
}

static int cli_shutdown(int argc, char **argv) {
    uint32_t domid, reason = 0;
    if (argc < 1 || argc > 2 || !cli_number(argv[0], &domid) ||
        (argc == 2 && !cli_number(argv[1], &reason)))
        return cli_usage();
    if (simxen_domain_shutdown(domid, reason) != 0)
        return cli_fail("can not shut down domain %u: %s: see 'simxen list'", domid,
                        strerror(errno));
    return 0;
}

static int cli_virq(int argc, char **argv) {
    uint32_t virq, domid = 0;
    if (argc < 1 || argc > 2 || !cli_number(argv[0], &virq) ||
        (argc == 2 && !cli_number(argv[1], &domid)))
        return cli_usage();
    if (simxen_virq_raise(domid, virq) != 0)
        return cli_fail("can not raise virq %u: %s: has a program of domain %u bound it?", virq,
                        strerror(errno), domid);
    return 0;
}

static int cli_log(int argc, char **argv) {
    char line[4096];
    if (argc != 1)
        return cli_usage();
    int len = snprintf(line, sizeof(line), "%s\n", argv[0]);
    if (len >= (int)sizeof(line))
        return cli_fail("a line of %d bytes: give at most %zu", len, sizeof(line) - 2);
    if (simxen_log(line, (size_t)len) != 0)
        return cli_fail("can not write the log: %s: is the machine running?", strerror(errno));
    return 0;
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = {
        {"machine", cli_machine}, {"run", cli_run},         {"create", cli_create},
        {"list", cli_list},       {"destroy", cli_destroy}, {"shutdown", cli_shutdown},
        {"ports", cli_ports},     {"virq", cli_virq},       {"store", cli_store},
        {"fault", cli_fault},     {"log", cli_log},
    };
    if (argc < 2)
        return cli_usage();
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        fputs(s_usage, stdout);
        return 0;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 2, argv + 2);
    return cli_usage();
}
