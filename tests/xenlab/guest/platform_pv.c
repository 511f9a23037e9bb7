/* PV: Xen built our page tables. Pages are at VIRT_BASE + pseudo-physical address, mfn_list says
 * which machine frame is behind each, Xen's own table says the reverse. */
#include <stddef.h>
#include <stdint.h>

#include <xen/memory.h>
#include <xen/sched.h>

#include "hypercall.h"
#include "platform.h"
#include "text.h"

#define VIRT_BASE 0xffffffff80000000ul
#define PRESENT_WRITABLE_USER 7ul
#define ENTRIES_PER_PAGE (PAGE_SIZE / sizeof(xen_pfn_t))

struct platform g_platform;

static struct start_info *s_start;
/* Addresses at which Xen's own pages are mapped instead of ours. */
static PAGE_ALIGNED char s_shared_info[PAGE_SIZE];
static PAGE_ALIGNED char s_grants[PAGE_SIZE];
/* The tree by which the toolstack finds mfn_list when it saves us. */
static PAGE_ALIGNED xen_pfn_t s_frame_list[ENTRIES_PER_PAGE];
static PAGE_ALIGNED xen_pfn_t s_frame_list_list[ENTRIES_PER_PAGE];

static void must(bool ok) {
    if (!ok)
        __asm__ volatile("ud2");
}

static unsigned long *frames(void) { return (unsigned long *)s_start->mfn_list; }

static unsigned long own_number(const void *page) {
    return ((unsigned long)page - VIRT_BASE) / PAGE_SIZE;
}

static void *page_of(unsigned long mfn) {
    return (void *)(VIRT_BASE + machine_to_phys_mapping[mfn] * PAGE_SIZE);
}

static void map(void *at, unsigned long entry) {
    must(hypercall(__HYPERVISOR_update_va_mapping, (unsigned long)at, entry, UVMF_INVLPG) == 0);
}

static void map_frame(void *at, unsigned long mfn) {
    map(at, mfn * PAGE_SIZE | PRESENT_WRITABLE_USER);
}

static void map_grants(void) {
    xen_pfn_t frame = 0;
    struct gnttab_setup_table setup = {.dom = DOMID_SELF, .nr_frames = 1};
    set_xen_guest_handle(setup.frame_list, &frame);
    must(hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, (unsigned long)&setup, 1) ==
             0 &&
         setup.status == GNTST_okay);
    map_frame(s_grants, frame);
    g_platform.grants = (void *)s_grants;
}

static void publish_frame_lists(void) {
    unsigned long pages = (s_start->nr_pages + ENTRIES_PER_PAGE - 1) / ENTRIES_PER_PAGE;
    must(pages <= ENTRIES_PER_PAGE);
    for (unsigned long i = 0; i < pages; i++)
        s_frame_list[i] = platform_frame((char *)s_start->mfn_list + i * PAGE_SIZE);
    s_frame_list_list[0] = platform_frame(s_frame_list);
    g_platform.shared_info->arch.max_pfn = s_start->nr_pages;
    g_platform.shared_info->arch.pfn_to_mfn_frame_list_list = platform_frame(s_frame_list_list);
}

static void connect(void) {
    map_frame(s_shared_info, s_start->shared_info / PAGE_SIZE);
    g_platform.shared_info = (void *)s_shared_info;
    map_grants();
    publish_frame_lists();
    g_platform.console = page_of(s_start->console.domU.mfn);
    g_platform.console_port = s_start->console.domU.evtchn;
    g_platform.store = page_of(s_start->store_mfn);
    g_platform.store_port = s_start->store_evtchn;
}

void platform_init(void *boot) {
    s_start = boot;
    g_platform.kind = "PV";
    g_platform.command_line = (const char *)s_start->cmd_line;
    connect();
}

unsigned long platform_frame(void *page) { return frames()[own_number(page)]; }

bool platform_exchange_frame(void *page) {
    unsigned long number = own_number(page);
    xen_pfn_t frame = frames()[number];
    struct xen_memory_reservation one = {.nr_extents = 1, .domid = DOMID_SELF};
    set_xen_guest_handle(one.extent_start, &frame);
    map(page, 0);
    if (hypercall_op(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &one) != 1) {
        map_frame(page, frame);
        return false;
    }
    frame = number; /* in: ours; out: the machine's */
    must(hypercall_op(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &one) == 1);
    frames()[number] = frame;
    map_frame(page, frame);
    memset(page, 0, PAGE_SIZE);
    return true;
}

/* Whoever saves us translates the frames in our page tables and in start_info, and can not do that
 * for frames that are not ours: shared_info and the grants must be gone from the tables. */
long platform_suspend(void) {
    unsigned long store = s_start->store_mfn, console = s_start->console.domU.mfn;
    map_frame(s_shared_info, platform_frame(s_shared_info));
    map_frame(s_grants, platform_frame(s_grants));
    s_start->store_mfn = machine_to_phys_mapping[store];
    s_start->console.domU.mfn = machine_to_phys_mapping[console];
    struct sched_shutdown suspend = {.reason = SHUTDOWN_suspend};
    long result = hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (unsigned long)&suspend,
                            platform_frame(s_start));
    if (result != 0) {
        s_start->store_mfn = store;
        s_start->console.domU.mfn = console;
    }
    connect();
    return result;
}
