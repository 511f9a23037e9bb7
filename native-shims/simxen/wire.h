/* Requests between libsimxen and the machine: one SOCK_SEQPACKET connection a handle, one packet a
 * request, one packet a reply, strictly in turn. Both ends are always of the same build. */
#ifndef SIMXEN_WIRE_H
#define SIMXEN_WIRE_H

#include <stdint.h>

#define WIRE_VERSION 1u
#define WIRE_PACKET_MAX 65536u
#define WIRE_ARGS 6
#define DOMID_SELF 0x7FF0u
#define DOMID_LIMIT 0x7FF0u
#define NO_NOTIFY 0xFFFFFFFFu
#define PAGE_BYTES 4096u

enum handle_kind {
    HANDLE_CONTROL = 1,
    HANDLE_EVTCHN,
    HANDLE_MEMORY,
    HANDLE_GNTTAB,
    HANDLE_GNTSHR,
    HANDLE_STORE,
};

enum op {
    OP_HELLO = 1, /* version, kind, domid -> instance lo, hi, fifo, life */
    OP_CLOSE,     /* so that a closed handle has let go of all it held before close returns */
    OP_BIND_UNBOUND,
    OP_BIND_INTERDOMAIN,
    OP_BIND_VIRQ,
    OP_UNBIND,
    OP_CLAIM,
    OP_MAP_FRAMES,
    OP_GRANT_MAP,
    OP_GRANT_UNMAP,
    OP_SHARE,
    OP_UNSHARE,
    OP_XS_READ,
    OP_XS_WRITE,
    OP_XS_MKDIR,
    OP_XS_RM,
    OP_XS_DIRECTORY,
    OP_XS_GET_PERMS,
    OP_XS_SET_PERMS,
    OP_XS_EVENTS, /* carries the socket on which watch events are to be sent */
    OP_XS_WATCH,
    OP_XS_UNWATCH,
    OP_XS_START,
    OP_XS_END,
    OP_XS_INTRODUCED,
    OP_XS_INTRODUCE,
    OP_XS_RELEASE,
    OP_DOMAIN_LIST,
    OP_DOMAIN_CREATE,
    OP_DOMAIN_DESTROY,
    OP_DOMAIN_SHUTDOWN,
    OP_VIRQ,
    OP_FAULT_SET,
    OP_FAULT_CLEAR,
    OP_FAULT_LIST,
    OP_SHOW_DOMAINS,
    OP_SHOW_PORTS,
    OP_PORT_INFO,
    OP_LOG_READ,
    OP_LOG_APPEND,
    OP_DELIVER, /* slot of a port that a notify or unmask could not tell its owner of */
};

struct request {
    uint32_t op;
    uint32_t arg[WIRE_ARGS];
};

struct reply {
    int32_t error;
    uint32_t value[WIRE_ARGS];
};

/* One page of OP_GRANT_MAP: the request names domid and ref, the reply the page to map. */
struct grant_page {
    uint32_t domid;
    uint32_t ref;
    uint32_t life;
    uint32_t page;
};

/* Text for 'simxen list' and 'simxen ports', a piece at a time; next is where to go on, 0 at the
 * end. Exported for the tool, not in simxen.h: the text is for people. */
int simxen_show(uint32_t op, uint32_t domid, uint32_t *next, char *text, uint32_t max);

#endif
