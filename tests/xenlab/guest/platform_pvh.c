/* PVH: guest-physical addresses are ours alone, paging is off, so an address is a frame number
 * times the page size. */
#include <stddef.h>
#include <stdint.h>

#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>

#include <xen/arch-x86/cpuid.h>
#include <xen/arch-x86/hvm/start_info.h>
#include <xen/memory.h>
#include <xen/sched.h>

#include "hypercall.h"
#include "platform.h"
#include "text.h"
#include "traps.h"

/* Any vector: interrupts stay off. That one is set tells the toolstack that this guest looks at the
 * result of a suspend, so that a cancelled one can be told from a restored one. */
#define CALLBACK_VECTOR ((uint64_t)HVM_PARAM_CALLBACK_TYPE_VECTOR << 56 | 0xf3)

struct platform g_platform;

/* Pages of the image whose place Xen's own pages take. */
static PAGE_ALIGNED char s_shared_info[PAGE_SIZE];
static PAGE_ALIGNED char s_grants[PAGE_SIZE];

static void must(bool ok) {
    if (!ok)
        __asm__ volatile("ud2");
}

static void *at(uint64_t address) { return (void *)(unsigned long)address; }

static void map_hypercall_page(void) {
    uint32_t eax = XEN_CPUID_LEAF(2), ebx, ecx, edx;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
    __asm__ volatile("wrmsr" ::"c"(ebx), "a"(hypercall_page), "d"(0) : "memory");
}

static uint64_t parameter(uint32_t index) {
    struct xen_hvm_param param = {.domid = DOMID_SELF, .index = index};
    must(hypercall_op(__HYPERVISOR_hvm_op, HVMOP_get_param, &param) == 0);
    return param.value;
}

static void put_at(unsigned int space, void *page) {
    struct xen_add_to_physmap place = {
        .domid = DOMID_SELF, .space = space, .gpfn = platform_frame(page)};
    must(hypercall_op(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, &place) == 0);
}

static void connect(void) {
    map_hypercall_page();
    put_at(XENMAPSPACE_shared_info, s_shared_info);
    put_at(XENMAPSPACE_grant_table, s_grants);
    g_platform.shared_info = at((unsigned long)s_shared_info);
    g_platform.grants = at((unsigned long)s_grants);
    g_platform.console = at(parameter(HVM_PARAM_CONSOLE_PFN) * PAGE_SIZE);
    g_platform.console_port = (evtchn_port_t)parameter(HVM_PARAM_CONSOLE_EVTCHN);
    g_platform.store = at(parameter(HVM_PARAM_STORE_PFN) * PAGE_SIZE);
    g_platform.store_port = (evtchn_port_t)parameter(HVM_PARAM_STORE_EVTCHN);
    struct xen_hvm_param callback = {
        .domid = DOMID_SELF, .index = HVM_PARAM_CALLBACK_IRQ, .value = CALLBACK_VECTOR};
    must(hypercall_op(__HYPERVISOR_hvm_op, HVMOP_set_param, &callback) == 0);
}

void platform_init(void *boot) {
    const struct hvm_start_info *info = boot;
    must(info->magic == XEN_HVM_START_MAGIC_VALUE);
    g_platform.kind = "PVH";
    traps_init();
    g_platform.command_line = info->cmdline_paddr != 0 ? at(info->cmdline_paddr) : "";
    connect();
}

unsigned long platform_frame(void *page) { return (unsigned long)page / PAGE_SIZE; }

bool platform_exchange_frame(void *page) {
    xen_pfn_t frame = platform_frame(page);
    struct xen_memory_reservation one = {.nr_extents = 1, .domid = DOMID_SELF};
    set_xen_guest_handle(one.extent_start, &frame);
    if (hypercall_op(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &one) != 1)
        return false;
    must(hypercall_op(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &one) == 1);
    memset(page, 0, PAGE_SIZE);
    return true;
}

long platform_suspend(void) {
    struct sched_shutdown suspend = {.reason = SHUTDOWN_suspend};
    long result = hypercall_op(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &suspend);
    if (result == 0)
        connect();
    return result;
}
