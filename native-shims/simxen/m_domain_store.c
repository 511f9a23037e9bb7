/* What a toolstack puts into xenstore for a domain, and takes out again. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "machine.h"

__attribute__((format(printf, 2, 3))) static const char *path_in(const struct domain *domain,
                                                                 const char *format, ...) {
    static char path[256];
    int len = snprintf(path, sizeof(path), "/local/domain/%u", domain->domid);
    va_list args;
    va_start(args, format);
    vsnprintf(path + len, sizeof(path) - (size_t)len, format, args);
    va_end(args);
    return path;
}

static void vm_path(const struct domain *domain, char path[48]) {
    const uint8_t *u = domain->uuid;
    int len = sprintf(path, "/vm/");
    for (int i = 0; i < 16; i++)
        len +=
            sprintf(path + len, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", u[i]);
}

static void put_readable(const struct domain *domain, const char *path, const char *value) {
    store_put(path, value);
    store_protect(path, 0, domain->domid);
}

/* Page, port and keys of the console ring, as libxl leaves them for a PV guest. */
static void add_console(const struct domain *domain) {
    char number[16];
    put_readable(domain, path_in(domain, "/console"), "");
    snprintf(number, sizeof(number), "%u", SIMXEN_CONSOLE_FRAME);
    put_readable(domain, path_in(domain, "/console/ring-ref"), number);
    snprintf(number, sizeof(number), "%u", SIMXEN_CONSOLE_PORT);
    put_readable(domain, path_in(domain, "/console/port"), number);
    put_readable(domain, path_in(domain, "/console/limit"), "1048576");
    put_readable(domain, path_in(domain, "/console/type"), "xenconsoled");
    put_readable(domain, path_in(domain, "/console/output"), "pty");
    put_readable(domain, path_in(domain, "/console/tty"), "");
}

static void classic_path(const struct domain *domain, char path[48]) {
    snprintf(path, 48, "/tool/xcs/classic/%u", domain->domid);
}

static void announce_classic(const struct domain *domain) {
    char path[48], port[16];
    classic_path(domain, path);
    snprintf(port, sizeof(port), "%u", SIMXEN_CONTROL_PORT);
    store_put(path, port);
}

void store_domain_added(const struct domain *domain, uint32_t flags) {
    char vm[48], text[64];
    vm_path(domain, vm);
    store_put(path_in(domain, "%s", ""), "");
    store_protect(path_in(domain, "%s", ""), 0, domain->domid);
    put_readable(domain, path_in(domain, "/name"), domain->name);
    snprintf(text, sizeof(text), "%u", domain->domid);
    put_readable(domain, path_in(domain, "/domid"), text);
    if (flags & SIMXEN_CREATE_CLASSIC)
        announce_classic(domain);
    if (domain->domid == 0)
        return;
    put_readable(domain, path_in(domain, "/vm"), vm);
    store_put(vm, "");
    store_protect(vm, 0, domain->domid);
    snprintf(text, sizeof(text), "%s/name", vm);
    put_readable(domain, text, domain->name);
    static const char *const owned[] = {"/data", "/device"};
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
        store_put(path_in(domain, "%s", owned[i]), "");
        store_protect(path_in(domain, "%s", owned[i]), domain->domid, domain->domid);
    }
    if (flags & SIMXEN_CREATE_CONSOLE)
        add_console(domain);
    watch_fire("@introduceDomain", NULL, false);
}

void store_domain_removed(const struct domain *domain) {
    char path[48];
    classic_path(domain, path);
    store_drop(path);
    vm_path(domain, path);
    store_drop(path);
    store_drop(path_in(domain, "%s", ""));
}

void store_start(void) {
    store_put("/local/domain", "");
    store_put("/vm", "");
    store_put("/tool", "");
}
