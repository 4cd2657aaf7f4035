/*
 * Where QEMU's virt machine begins when there is a flash: the first instruction of the first bank.
 */
    .section .start, "ax"
    .globl _start
_start:
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    la sp, board_stack_end
    la t0, trap_enter
    csrw mtvec, t0

    la t0, board_data_start
    la t1, board_data_end
    la t2, board_data_source
1:  bgeu t0, t1, 2f
    lw t3, 0(t2)
    sw t3, 0(t0)
    addi t0, t0, 4
    addi t2, t2, 4
    j 1b

2:  la t0, board_bss_start
    la t1, board_bss_end
3:  bgeu t0, t1, 4f
    sw zero, 0(t0)
    addi t0, t0, 4
    j 3b

4:  call main
    call board_exit

/* A stack of its own: the trap may be that the other one is used up. */
    .balign 4
trap_enter:
    la sp, board_trap_stack_end
    csrr a0, mcause
    csrr a1, mepc
    csrr a2, mtval
    call board_trap

/*
 * int32_t semihost_call(int32_t operation, const void *argument)
 * The three instructions in the middle are the call; they are uncompressed and on one page by convention.
 */
    .section .text.semihost_call, "ax"
    .globl semihost_call
    .balign 16
semihost_call:
    .option push
    .option norvc
    slli zero, zero, 0x1f
    ebreak
    srai zero, zero, 7
    .option pop
    ret
