/* The parts of QEMU's riscv32 machine `virt` alone: UART, timer, counter and traps. */
#include "board.h"

#include "line.h"
#include "machine.h"

enum { UART_RECEIVED = 1 << 0, UART_SENT = 1 << 5, UART_FIFO_ON = 1 << 0, UART_FIFO_CLEAR = 3 << 1 };
enum { CAUSE_TIMER = 7, TICK_INSTRUCTIONS = 100, TICKS_PER_SECOND = 10000000 };

static const uint32_t cause_interrupt = UINT32_C(1) << 31;

static volatile uint8_t *const uart_data      = (volatile uint8_t *)0x10000000;
static volatile uint8_t *const uart_fifo      = (volatile uint8_t *)0x10000002;
static volatile uint8_t *const uart_state     = (volatile uint8_t *)0x10000005;
static volatile uint32_t *const timer_compare = (volatile uint32_t *)0x02004000;
static volatile uint32_t *const timer_now     = (volatile uint32_t *)0x0200bff8;

__attribute__((noreturn)) void board_trap(uint32_t cause, uint32_t at, uint32_t value);

void board_uart_open(void) { *uart_fifo = UART_FIFO_ON | UART_FIFO_CLEAR; }

void board_uart_write(const uint8_t *data, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        while ((*uart_state & UART_SENT) == 0) continue;
        *uart_data = data[i];
    }
}

void machine_console(const uint8_t *data, size_t bytes) { board_uart_write(data, bytes); }

uint64_t board_instructions(void) {
    uint32_t high, low, again;
    do {
        __asm__ volatile("csrr %0, minstreth" : "=r"(high));
        __asm__ volatile("csrr %0, minstret" : "=r"(low));
        __asm__ volatile("csrr %0, minstreth" : "=r"(again));
    } while (high != again);
    return (uint64_t)high << 32 | low;
}

static uint64_t ticks(void) {
    uint32_t high, low;
    do {
        high = timer_now[1];
        low  = timer_now[0];
    } while (high != timer_now[1]);
    return (uint64_t)high << 32 | low;
}

static void timer_set(uint64_t end) {
    timer_compare[1] = UINT32_MAX;
    timer_compare[0] = (uint32_t)end;
    timer_compare[1] = (uint32_t)(end >> 32);
    __asm__ volatile("csrs mie, %0" : : "r"(1 << CAUSE_TIMER));
}

uint32_t board_seconds(void) { return (uint32_t)(ticks() / TICKS_PER_SECOND); }

/* Interrupts stay off as a whole, so the timer ends the waiting without a trap. */
void board_sleep(uint32_t seconds) {
    const uint64_t end = ticks() + (uint64_t)seconds * TICKS_PER_SECOND;
    timer_set(end);
    while (ticks() < end) __asm__ volatile("wfi");
    __asm__ volatile("csrc mie, %0" : : "r"(1 << CAUSE_TIMER));
}

int board_uart_read(uint32_t seconds) {
    const uint64_t end = ticks() + (uint64_t)seconds * TICKS_PER_SECOND;
    while ((*uart_state & UART_RECEIVED) == 0)
        if (ticks() >= end) return -1;
    return *uart_data;
}

/* Virtual time passes by one nanosecond per instruction, and the timer ticks at 10 MHz. */
void board_limit_set(uint32_t millions) {
    timer_set(ticks() + (uint64_t)millions * (1000000 / TICK_INSTRUCTIONS));
    __asm__ volatile("csrsi mstatus, 8");
}

void board_trap(uint32_t cause, uint32_t at, uint32_t value) {
    if (cause == (cause_interrupt | CAUSE_TIMER)) board_exit(BOARD_LIMIT);
    board_console_write("trap: cause ");
    board_console_hexadecimal(cause);
    board_console_write(", instruction at ");
    board_console_hexadecimal(at);
    board_console_write(", address ");
    board_console_hexadecimal(value);
    board_console_line("");
    board_exit(BOARD_TRAPPED);
}
