/* simxen: what a simulated guest or a test needs beyond the Xen libraries' own functions.
 *
 * A program belongs to one domain of one machine: SIMXEN_MACHINE names the machine's directory,
 * SIMXEN_DOMID the domain (0 when absent). Functions return 0, or -1 and errno. */
#ifndef SIMXEN_H
#define SIMXEN_H

#include <stddef.h>
#include <stdint.h>

#include "xenevtchn.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SIMXEN_FRAME_BASE 0x1000u        /* first frame number of every domain */
#define SIMXEN_SHARED_INFO_FRAME 0x1001u /* page 1; zeroed when the domain is created */
#define SIMXEN_CONSOLE_FRAME 0x1002u     /* page 2, with SIMXEN_CREATE_CONSOLE */
#define SIMXEN_CONTROL_PORT 1u           /* allocated in every guest, unbound, for domain 0 */
#define SIMXEN_CONSOLE_PORT 2u           /* the same, with SIMXEN_CREATE_CONSOLE */
#define SIMXEN_CONSOLE_REF 0u            /* grant of the console page, with the same flag */
#define SIMXEN_ANY_DOMID 0xFFFFFFFFu

/* Overrides the environment for handles opened from now on in this process. */
int simxen_select(const char *dir, uint32_t domid);

/* A guest kernel takes over a port of its own domain that the toolstack allocated: its events
 * arrive on this handle. Closing the handle hands the port back, still connected. */
int simxen_evtchn_claim(xenevtchn_handle *handle, evtchn_port_t port);

#define SIMXEN_CREATE_CLASSIC 1u /* announce port 1 at /tool/xcs/classic/<domid> */
#define SIMXEN_CREATE_CONSOLE 2u /* page, grant, port and store keys of today's console ring */

struct simxen_domain_config {
    uint32_t domid;    /* 0: the next number never used */
    uint32_t nr_pages; /* 0: 16 */
    uint32_t flags;    /* SIMXEN_CREATE_* */
    char name[64];     /* "": Domain-<domid> */
};

/* The domain lives as long as the calling process. EEXIST: its number or name is in use. */
int simxen_domain_create(const struct simxen_domain_config *config, uint32_t *domid);
int simxen_domain_destroy(uint32_t domid);
/* The domain is listed as shut down (reason as in Xen: 0 poweroff, 1 reboot, 3 crash) and
 * @releaseDomain fires; it stays until it is destroyed or its process ends. */
int simxen_domain_shutdown(uint32_t domid, uint32_t reason);

int simxen_virq_raise(uint32_t domid, uint32_t virq);

/* Appends to the hypervisor's own log and raises VIRQ_CON_RING in domain 0. 16 KiB are kept. */
int simxen_log(const char *text, size_t len);

enum simxen_fault_kind {
    SIMXEN_FAULT_MAP = 1,   /* xenforeignmemory_map of domid fails with error */
    SIMXEN_FAULT_GRANT_MAP, /* mapping a grant of domid fails with error */
    SIMXEN_FAULT_BIND,      /* binding a port to or for domid fails with error */
    SIMXEN_FAULT_INFO,      /* domid is missing from the domain list, ESRCH when asked for */
    SIMXEN_FAULT_STORE,     /* xenstore requests at and below path fail with error */
    SIMXEN_FAULT_ZOMBIE,    /* a dead domid stays listed as dying until this is cleared */
    SIMXEN_FAULT_REVOKE,    /* at once: grant ref of domid can no more be mapped */
    SIMXEN_FAULT_STORM,     /* port of domid is signalled rate times a second (0: without pause) */
};

struct simxen_fault {
    uint32_t id; /* given by simxen_fault_set */
    uint32_t kind;
    uint32_t domid; /* SIMXEN_ANY_DOMID: all */
    uint32_t error; /* errno; 0: EIO, EACCES for the store */
    uint32_t count; /* how many more times it strikes; 0: until cleared */
    uint32_t port;  /* storm: port; revoke: grant reference */
    uint32_t rate;  /* storm: a second */
    uint32_t spent; /* 1 once count has run out */
    uint64_t hits;  /* how many times it struck */
    char path[128]; /* store */
};

int simxen_fault_set(const struct simxen_fault *fault, uint32_t *id);
int simxen_fault_clear(uint32_t id); /* SIMXEN_ANY_DOMID: all */
/* How many were written, spent ones included, in order of their ids. */
int simxen_fault_list(struct simxen_fault *out, uint32_t max);

#ifdef __cplusplus
}
#endif
#endif
