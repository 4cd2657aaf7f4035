/* Console, stack, exit and files: what does not depend on the machine. */
#include "board.h"

#include <string.h>

#include "machine.h"

enum { SEMIHOST_OPEN = 1, SEMIHOST_WRITE = 5, SEMIHOST_READ = 6, SEMIHOST_EXIT = 0x20 };
enum { APPLICATION_EXIT = 0x20026 };

static const uint32_t stack_pattern = 0x5ca1ab1e;

extern uint32_t board_stack_start[];
extern uint32_t board_stack_end[];

register uint32_t *stack_pointer __asm__("sp");

void board_console_write(const char *text) { machine_console((const uint8_t *)text, strlen(text)); }

void board_console_line(const char *text) {
    board_console_write(text);
    board_console_write("\n");
}

void board_console_hexadecimal(uint32_t value) {
    char text[] = "0x00000000";
    for (int i = 9; value != 0; i--, value >>= 4) text[i] = "0123456789abcdef"[value & 15];
    board_console_write(text);
}

void board_exit(int status) {
    const uint32_t argument[2] = {APPLICATION_EXIT, (uint32_t)status};
    for (;;) (void)semihost_call(SEMIHOST_EXIT, argument);
}

void board_stack_paint(void) {
    /* A leaf: it has nothing below its own frame, which is nearly empty. */
    uint32_t *end = stack_pointer;
    for (volatile uint32_t *at = board_stack_start; at < end; at++) *at = stack_pattern;
}

uint32_t board_stack_used(void) { return (uint32_t)((uintptr_t)board_stack_end - (uintptr_t)stack_pointer); }

uint32_t board_stack_left(void) {
    return (uint32_t)((uintptr_t)stack_pointer - (uintptr_t)board_stack_start);
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
