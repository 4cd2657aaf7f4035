/*
 * Vectors and start. The program runs on the process stack; exceptions have one of their own, since what they
 * tell may be that the other one is used up.
 */
    .syntax unified
    .thumb

    .section .start, "ax"
    .globl board_vectors
board_vectors:
    .word board_trap_stack_end
    .word reset_enter
    .rept 14 /* of the processor */
    .word trap_enter
    .endr
    .rept 8
    .word trap_enter
    .endr
    .word board_timer_wrapped /* interrupts 8 and 9 */
    .word board_limit_expired
    .rept 22
    .word trap_enter
    .endr

    .thumb_func
    .globl reset_enter
reset_enter:
    ldr r0, =board_stack_end
    msr psp, r0
    movs r0, #2 /* the process stack from here on */
    msr control, r0
    isb

    ldr r0, =board_data_start
    ldr r1, =board_data_end
    ldr r2, =board_data_source
1:  cmp r0, r1
    bhs 2f
    ldr r3, [r2], #4
    str r3, [r0], #4
    b 1b

2:  ldr r0, =board_bss_start
    ldr r1, =board_bss_end
    movs r2, #0
3:  cmp r0, r1
    bhs 4f
    str r2, [r0], #4
    b 3b

4:  bl board_clock_start
    bl main
    bl board_exit

/* board_trap(number of the exception, process stack) */
    .thumb_func
trap_enter:
    mrs r0, ipsr
    mrs r1, psp
    bl board_trap
    .ltorg

/* int32_t semihost_call(int32_t operation, const void *argument) */
    .section .text.semihost_call, "ax"
    .thumb_func
    .globl semihost_call
semihost_call:
    bkpt 0xab
    bx lr

/*
 * uint32_t board_ticks_spin(uint32_t *passes): waits until the timer ticks, counts the reads that saw the value
 * before, and returns the new one. Each pass takes four instructions: TICK_PASS in machine.c.
 */
    .section .text.board_ticks_spin, "ax"
    .thumb_func
    .globl board_ticks_spin
board_ticks_spin:
    ldr r1, =0x40000004
    ldr r2, [r1]
    movs r3, #0
1:  ldr r12, [r1]
    adds r3, r3, #1
    cmp r12, r2
    beq 1b
    str r3, [r0]
    mov r0, r12
    bx lr
    .ltorg
