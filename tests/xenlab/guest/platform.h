/* What differs between PV and PVH: where Xen put things, and what a frame's number is. */
#ifndef GUEST_PLATFORM_H
#define GUEST_PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>

#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/io/console.h>
#include <xen/io/xs_wire.h>

#define PAGE_SIZE 4096ul
#define PAGE_ALIGNED __attribute__((aligned(4096)))

struct platform {
    const char *kind;         /* "PV" or "PVH" */
    const char *command_line; /* "" when there is none */
    struct shared_info *shared_info;
    grant_entry_v1_t *grants; /* one frame of them */
    struct xencons_interface *console;
    evtchn_port_t console_port;
    struct xenstore_domain_interface *store;
    evtchn_port_t store_port;
};

extern struct platform g_platform;

/* Fills g_platform. boot is what Xen passed to the entry point. Without it nothing can be said, so
 * a failure here is a crash of the domain. */
void platform_init(void *boot);

/* The frame number that a grant of this page of ours names: MFN on PV, GFN on PVH. */
unsigned long platform_frame(void *page);

/* Gives the frame behind our page back to Xen, whoever else has it mapped, and puts another one
 * there. The new one's content is zeros. */
bool platform_exchange_frame(void *page);

/* Stops until the toolstack lets us go on, in the same domain or in another one. Fills g_platform
 * anew and returns 0 when everything is to be set up again, 1 when nothing has changed, or
 * -errno. */
long platform_suspend(void);

#endif
