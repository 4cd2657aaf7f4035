#include "board.h"

#include <string.h>

enum { SEMIHOST_OPEN = 1, SEMIHOST_WRITE = 5, SEMIHOST_READ = 6, SEMIHOST_EXIT = 0x20 };
enum { APPLICATION_EXIT = 0x20026 };
enum { UART_RECEIVED = 1 << 0, UART_SENT = 1 << 5, UART_FIFO_ON = 1 << 0, UART_FIFO_CLEAR = 3 << 1 };
enum { CAUSE_TIMER = 7, TICK_INSTRUCTIONS = 100, TICKS_PER_SECOND = 10000000 };

static const uint32_t stack_pattern   = 0x5ca1ab1e;
static const uint32_t cause_interrupt = UINT32_C(1) << 31;

static volatile uint8_t *const uart_data      = (volatile uint8_t *)0x10000000;
static volatile uint8_t *const uart_fifo      = (volatile uint8_t *)0x10000002;
static volatile uint8_t *const uart_state     = (volatile uint8_t *)0x10000005;
static volatile uint32_t *const timer_compare = (volatile uint32_t *)0x02004000;
static volatile uint32_t *const timer_now     = (volatile uint32_t *)0x0200bff8;

extern uint32_t board_stack_start[];
extern uint32_t board_stack_end[];

int32_t semihost_call(int32_t operation, const void *argument);
__attribute__((noreturn)) void board_trap(uint32_t cause, uint32_t at, uint32_t value);

void board_uart_open(void) { *uart_fifo = UART_FIFO_ON | UART_FIFO_CLEAR; }

void board_uart_write(const uint8_t *data, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        while ((*uart_state & UART_SENT) == 0) continue;
        *uart_data = data[i];
    }
}

void board_console_write(const char *text) { board_uart_write((const uint8_t *)text, strlen(text)); }

void board_console_line(const char *text) {
    board_console_write(text);
    board_console_write("\n");
}

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

void board_exit(int status) {
    const uint32_t argument[2] = {APPLICATION_EXIT, (uint32_t)status};
    for (;;) (void)semihost_call(SEMIHOST_EXIT, argument);
}

static void hexadecimal_write(uint32_t value) {
    char text[] = "0x00000000";
    for (int i = 9; value != 0; i--, value >>= 4) text[i] = "0123456789abcdef"[value & 15];
    board_console_write(text);
}

void board_trap(uint32_t cause, uint32_t at, uint32_t value) {
    if (cause == (cause_interrupt | CAUSE_TIMER)) board_exit(BOARD_LIMIT);
    board_console_write("trap: cause ");
    hexadecimal_write(cause);
    board_console_write(", instruction at ");
    hexadecimal_write(at);
    board_console_write(", address ");
    hexadecimal_write(value);
    board_console_line("");
    board_exit(BOARD_TRAPPED);
}

void board_stack_paint(void) {
    /* A leaf: it has nothing below its own frame, which is nearly empty. */
    uint32_t *end;
    __asm__ volatile("mv %0, sp" : "=r"(end));
    for (volatile uint32_t *at = board_stack_start; at < end; at++) *at = stack_pattern;
}

uint32_t board_stack_peak(void) {
    const uint32_t *at = board_stack_start;
    while (at < board_stack_end && *at == stack_pattern) at++;
    return (uint32_t)((const uint8_t *)board_stack_end - (const uint8_t *)at);
}

int32_t board_file_open(const char *name, enum board_file_mode mode) {
    const uint32_t argument[3] = {(uint32_t)(uintptr_t)name, (uint32_t)mode, (uint32_t)strlen(name)};
    return semihost_call(SEMIHOST_OPEN, argument);
}

/* Both operations return how many bytes are left over. */
static int file_move(int32_t operation, int32_t file, const void *data, size_t bytes) {
    const uint32_t argument[3] = {(uint32_t)file, (uint32_t)(uintptr_t)data, (uint32_t)bytes};
    return bytes == 0 || semihost_call(operation, argument) == 0;
}

int board_file_read(int32_t file, void *data, size_t bytes) {
    return file_move(SEMIHOST_READ, file, data, bytes);
}

int board_file_write(int32_t file, const void *data, size_t bytes) {
    return file_move(SEMIHOST_WRITE, file, data, bytes);
}
