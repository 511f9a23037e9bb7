/* An entry for each exception of the processor: makes one frame of them all (struct trap) and passes it on. */
    .text
    .altmacro

    .macro entry vector
    .balign 16
    /* Those that push an error code themselves. */
    .if \vector == 8 || \vector == 10 || \vector == 11 || \vector == 12 || \vector == 13 || \vector == 14 || \vector == 17
    nop
    nop
    .else
    push    $0
    .endif
    push    $\vector
    jmp     common
    .endm

    .balign 16
    .global traps_entries
traps_entries:
    .set    vector, 0
    .rept   32
    entry   %vector
    .set    vector, vector + 1
    .endr

common:
    cld
    push    %esp
    call    traps_report
1:  hlt
    jmp     1b

/* void traps_load(const struct table *gdt, const struct table *idt): Xen's segments are in no table of ours, a gate needs one. */
    .global traps_load
traps_load:
    mov     4(%esp), %eax
    lgdt    (%eax)
    mov     8(%esp), %eax
    lidt    (%eax)
    mov     $0x10, %eax
    mov     %eax, %ds
    mov     %eax, %es
    mov     %eax, %ss
    ljmp    $0x08, $1f
1:  ret
