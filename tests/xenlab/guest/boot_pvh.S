/* PVH, 32-bit: Xen enters in flat protected mode without paging, the address of hvm_start_info in ebx. We stay there. */
#include "elfnote.inc"

    elfnote XEN_ELFNOTE_GUEST_OS, .asciz, "xcs-testguest"
    elfnote XEN_ELFNOTE_XEN_VERSION, .asciz, "xen-3.0"
    elfnote XEN_ELFNOTE_LOADER, .asciz, "generic"
    elfnote XEN_ELFNOTE_PHYS32_ENTRY, .long, _start

    .text
    .global _start, hypercall_page
_start:
    cld
    mov     $stack_top, %esp
    xor     %ebp, %ebp
    push    %ebx
    call    guest_main
1:  hlt
    jmp     1b

    .section .text.hypercall_page, "ax"
    .balign 4096
hypercall_page:
    .skip 4096

    .bss
    .balign 4096
    .skip 16384
stack_top:
