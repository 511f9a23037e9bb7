/* Fault injection. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "machine.h"

#define MAX_FAULTS 64u

static struct fault {
    struct simxen_fault f;
    uint64_t next_ns; /* storm: when to signal next */
} s_faults[MAX_FAULTS];
static uint32_t s_count;
static uint32_t s_last_id;

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static bool matches(const struct simxen_fault *f, enum simxen_fault_kind kind, uint32_t domid) {
    return !f->spent && f->kind == (uint32_t)kind &&
           (f->domid == SIMXEN_ANY_DOMID || f->domid == domid);
}

static void strike(struct simxen_fault *f) {
    f->hits++;
    if (f->count != 0 && --f->count == 0)
        f->spent = 1;
}

int fault_strikes(enum simxen_fault_kind kind, uint32_t domid) {
    for (uint32_t i = 0; i < s_count; i++)
        if (matches(&s_faults[i].f, kind, domid)) {
            strike(&s_faults[i].f);
            return (int)s_faults[i].f.error;
        }
    return 0;
}

bool fault_stands(enum simxen_fault_kind kind, uint32_t domid) {
    for (uint32_t i = 0; i < s_count; i++)
        if (matches(&s_faults[i].f, kind, domid)) {
            strike(&s_faults[i].f);
            return true;
        }
    return false;
}

int fault_strikes_path(const char *path) {
    for (uint32_t i = 0; i < s_count; i++) {
        struct simxen_fault *f = &s_faults[i].f;
        size_t len = strlen(f->path);
        if (!f->spent && f->kind == SIMXEN_FAULT_STORE && strncmp(f->path, path, len) == 0 &&
            (path[len] == '\0' || path[len] == '/' || strcmp(f->path, "/") == 0)) {
            strike(f);
            return (int)f->error;
        }
    }
    return 0;
}

int op_fault_set(struct exchange *x) {
    struct simxen_fault f;
    if (x->in_len != sizeof(f))
        return EINVAL;
    memcpy(&f, x->in, sizeof(f));
    f.path[sizeof(f.path) - 1] = '\0';
    f.id = ++s_last_id;
    f.hits = f.spent = 0;
    if (f.kind < SIMXEN_FAULT_MAP || f.kind > SIMXEN_FAULT_STORM)
        return EINVAL;
    if (f.error == 0)
        f.error = f.kind == SIMXEN_FAULT_STORE ? EACCES : EIO;
    struct domain *domain = f.domid == SIMXEN_ANY_DOMID ? NULL : domain_named(f.domid, x->domain);
    if (f.kind == SIMXEN_FAULT_STORM &&
        (domain == NULL || f.port == 0 || f.port >= domain->ports_used))
        return domain == NULL ? ESRCH : EINVAL;
    if (f.kind == SIMXEN_FAULT_REVOKE) {
        int error = domain == NULL ? ESRCH : grant_revoke(domain, f.port);
        if (error != 0)
            return error;
        f.hits = f.spent = 1;
    }
    if (s_count == MAX_FAULTS)
        return ENOSPC;
    s_faults[s_count++] = (struct fault){f, now_ns()};
    x->value[0] = f.id;
    return 0;
}

static void bury_zombies(const struct simxen_fault *f) {
    for (uint32_t i = 1; i < g_machine.next_domid; i++) {
        struct domain *domain = g_machine.domains[i];
        if (domain != NULL && domain->flags & XCS_DOMAIN_DYING &&
            (f->domid == SIMXEN_ANY_DOMID || f->domid == i))
            domain_end(domain);
    }
}

int op_fault_clear(struct exchange *x) {
    uint32_t kept = 0;
    struct simxen_fault zombies = {0};
    bool found = false;
    for (uint32_t i = 0; i < s_count; i++) {
        if (x->arg[0] != SIMXEN_ANY_DOMID && s_faults[i].f.id != x->arg[0]) {
            s_faults[kept++] = s_faults[i];
            continue;
        }
        found = true;
        if (s_faults[i].f.kind == SIMXEN_FAULT_ZOMBIE) {
            if (zombies.kind != 0)
                zombies.domid = SIMXEN_ANY_DOMID;
            else
                zombies = s_faults[i].f;
        }
    }
    s_count = kept;
    if (zombies.kind != 0)
        bury_zombies(&zombies);
    return found || x->arg[0] == SIMXEN_ANY_DOMID ? 0 : ENOENT;
}

int op_fault_list(struct exchange *x) {
    for (uint32_t i = 0; i < s_count && i < x->arg[0]; i++) {
        memcpy(x->out + x->out_len, &s_faults[i].f, sizeof(s_faults[i].f));
        x->out_len += sizeof(s_faults[i].f);
    }
    return 0;
}

/* To the millisecond that epoll has. A storm faster than that keeps the loop awake: it is meant to
 * hurt, and its rate must not depend on timer slack. */
int faults_timeout(void) {
    int timeout = -1;
    for (uint32_t i = 0; i < s_count; i++) {
        const struct simxen_fault *f = &s_faults[i].f;
        if (f->kind != SIMXEN_FAULT_STORM || f->spent)
            continue;
        uint64_t now = now_ns(), next = s_faults[i].next_ns;
        int wait = next <= now ? 0 : (int)((next - now) / 1000000u);
        if (timeout < 0 || wait < timeout)
            timeout = wait;
    }
    return timeout;
}

void faults_blow(void) {
    for (uint32_t i = 0; i < s_count; i++) {
        struct fault *fault = &s_faults[i];
        struct simxen_fault *f = &fault->f;
        if (f->kind != SIMXEN_FAULT_STORM || f->spent || fault->next_ns > now_ns())
            continue;
        const struct domain *domain = domain_named(f->domid, NULL);
        if (domain == NULL) {
            f->spent = 1;
            continue;
        }
        uint32_t slot = slot_of(domain->domid, f->port);
        /* Only what is received counts: a port still masked can not be signalled harder. */
        if (atomic_load(&g_machine.table.slots[slot].flags) == 0 &&
            evtchn_deliver(&g_machine.table, slot) != 0)
            strike(f);
        if (f->rate != 0)
            fault->next_ns = now_ns() + 1000000000u / f->rate;
    }
}
