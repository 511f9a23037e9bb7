/* PV, 64-bit: Xen enters with paging on and the address of start_info in rsi. */
#include "elfnote.inc"

    elfnote XEN_ELFNOTE_GUEST_OS, .asciz, "xcs-testguest"
    elfnote XEN_ELFNOTE_XEN_VERSION, .asciz, "xen-3.0"
    elfnote XEN_ELFNOTE_LOADER, .asciz, "generic"
    elfnote XEN_ELFNOTE_PAE_MODE, .asciz, "yes"
    elfnote XEN_ELFNOTE_FEATURES, .asciz, "!writable_page_tables|pae_pgdir_above_4gb"
    elfnote XEN_ELFNOTE_VIRT_BASE, .quad, 0xffffffff80000000
    elfnote XEN_ELFNOTE_PADDR_OFFSET, .quad, 0
    elfnote XEN_ELFNOTE_ENTRY, .quad, _start
    elfnote XEN_ELFNOTE_HYPERCALL_PAGE, .quad, hypercall_page
    elfnote XEN_ELFNOTE_SUSPEND_CANCEL, .long, 1

    .text
    .global _start, hypercall_page
_start:
    cld
    lea     stack_top(%rip), %rsp
    mov     %rsi, %rdi
    xor     %ebp, %ebp
    call    guest_main
1:  jmp     1b

    .section .text.hypercall_page, "ax"
    .balign 4096
hypercall_page:
    .skip 4096

    .bss
    .balign 4096
    .skip 16384
stack_top:
