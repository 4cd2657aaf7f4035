/* The parts of QEMU's mps2 machines alone: UART, timers and faults. */
#include "board.h"

#include "machine.h"

/* CMSDK's timers, at 25 MHz: 40 ns, and as many instructions, to a tick. */
typedef struct timer {
    volatile uint32_t control, value, reload, interrupt;
} timer;

enum { TIMER_ON = 1 << 0, TIMER_INTERRUPT = 1 << 3, TICK_INSTRUCTIONS = 40, TICK_PASS = 4 };
enum { TICKS_PER_MILLION = 1000000 / TICK_INSTRUCTIONS };
enum { UART_SEND_FULL = 1 << 0, UART_SEND_ON = 1 << 0, UART_LEAST_DIVIDER = 16 };
enum { INTERRUPT_TIMER = 8, INTERRUPT_LIMIT = 9, BUS_ADDRESS_VALID = 1 << 15 };

static timer *const clock_timer = (timer *)0x40000000;
static timer *const limit_timer = (timer *)0x40001000;

static volatile uint32_t *const uart_data         = (volatile uint32_t *)0x40004000;
static volatile uint32_t *const uart_state        = (volatile uint32_t *)0x40004004;
static volatile uint32_t *const uart_control      = (volatile uint32_t *)0x40004008;
static volatile uint32_t *const uart_divider      = (volatile uint32_t *)0x40004010;
static volatile uint32_t *const interrupts_on     = (volatile uint32_t *)0xe000e100;
static volatile uint32_t *const fault_status      = (volatile uint32_t *)0xe000ed28;
static volatile uint32_t *const fault_bus_address = (volatile uint32_t *)0xe000ed38;

/* Times that the clock has wrapped; instructions that reading it has taken; ticks of the limit to come. */
static volatile uint32_t wraps;
static uint64_t spent_reading, limit_left;

uint32_t board_ticks_spin(uint32_t *passes);
void board_clock_start(void);
void board_timer_wrapped(void);
void board_limit_expired(void);
__attribute__((noreturn)) void board_trap(uint32_t exception, const uint32_t *frame);

void board_clock_start(void) {
    *uart_divider        = UART_LEAST_DIVIDER;
    *uart_control        = UART_SEND_ON;
    clock_timer->reload  = UINT32_MAX;
    clock_timer->value   = UINT32_MAX;
    *interrupts_on       = UINT32_C(1) << INTERRUPT_TIMER | UINT32_C(1) << INTERRUPT_LIMIT;
    clock_timer->control = TIMER_ON | TIMER_INTERRUPT;
}

void machine_console(const uint8_t *data, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        while ((*uart_state & UART_SEND_FULL) != 0) continue;
        *uart_data = data[i];
    }
}

void board_timer_wrapped(void) {
    clock_timer->interrupt = 1;
    wraps++;
}

/*
 * There is no counter of instructions, and the fastest clock ticks once in 40. So the rest of a tick is
 * waited for, and told by how long that takes; what was waited is taken off all later readings.
 */
uint64_t board_instructions(void) {
    uint32_t high, value, passes;
    uint64_t waited = 0;
    do {
        high  = wraps;
        value = board_ticks_spin(&passes);
        waited += (uint64_t)passes * TICK_PASS;
    } while (high != wraps);
    const uint64_t ticks = (uint64_t)high << 32 | (UINT32_MAX - value);
    spent_reading += waited;
    return ticks * TICK_INSTRUCTIONS - spent_reading;
}

/* The timer has 32 bits, which is 171 000 million instructions. */
static void limit_go_on(void) {
    const uint32_t next = limit_left > UINT32_MAX ? UINT32_MAX : (uint32_t)limit_left;
    limit_left -= next;
    limit_timer->control = 0;
    limit_timer->reload  = next;
    limit_timer->value   = next;
    limit_timer->control = TIMER_ON | TIMER_INTERRUPT;
}

void board_limit_set(uint32_t millions) {
    limit_left = (uint64_t)millions * TICKS_PER_MILLION;
    limit_go_on();
}

void board_limit_expired(void) {
    limit_timer->interrupt = 1;
    if (limit_left == 0) board_exit(BOARD_LIMIT);
    limit_go_on();
}

static int is_in_ram(const uint32_t *frame) {
    const uintptr_t at = (uintptr_t)frame;
    return at >= 0x21000000 && at < (uintptr_t)board_ram_end - 32 && at % 4 == 0;
}

void board_trap(uint32_t exception, const uint32_t *frame) {
    board_console_write("trap: exception ");
    board_console_hexadecimal(exception & 0x1ff);
    board_console_write(", status ");
    board_console_hexadecimal(*fault_status);
    if (is_in_ram(frame)) {
        board_console_write(", instruction at ");
        board_console_hexadecimal(frame[6]);
    }
    if ((*fault_status & BUS_ADDRESS_VALID) != 0) {
        board_console_write(", address ");
        board_console_hexadecimal(*fault_bus_address);
    }
    board_console_line("");
    board_exit(BOARD_TRAPPED);
}
