/*
 * An emulated board: console, instruction counter, stack, exit, and files of the host. One folder beside this
 * one for each of QEMU's machines has the start code, the linker script and what only that machine knows.
 */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>
#include <stdint.h>

/* Exit status of the emulator. */
enum board_status {
    BOARD_OK      = 0, /* the report says how it went, for a refused model too */
    BOARD_REQUEST = 1, /* no request, or not one that this firmware understands */
    BOARD_TRAPPED = 2, /* the processor did: a fault of ours, or a stack that was too small */
    BOARD_LIMIT   = 3, /* more instructions than the request allows */
};

/* The memory with partition table and slots, as `thimble flash` writes them. From the linker script. */
extern const uint8_t board_flash[];
extern const char board_flash_bytes[]; /* the address is the number */
/* All RAM that nothing else uses, aligned to 16 bytes. */
extern uint8_t board_ram_start[];
extern uint8_t board_ram_end[];

void board_console_write(const char *text);
void board_console_line(const char *text);
void board_console_hexadecimal(uint32_t value);

/* Instructions retired since reset; the same in every run under -icount shift=0. */
uint64_t board_instructions(void);

/* Ends the program with BOARD_LIMIT once it has run about `millions` more million instructions. */
void board_limit_set(uint32_t millions);

__attribute__((noreturn)) void board_exit(int status);

/* Fills the unused part of the stack with a pattern; most bytes in use since then. */
void board_stack_paint(void);
uint32_t board_stack_peak(void);
/* Bytes of the stack that callers use now, and that are left. */
uint32_t board_stack_used(void);
uint32_t board_stack_left(void);

/* Files of the host by semihosting, in the folder where QEMU runs. */
enum board_file_mode { BOARD_FILE_READ = 1, BOARD_FILE_WRITE = 5 };

/* A handle, or a negative number. */
int32_t board_file_open(const char *name, enum board_file_mode mode);
/* 1 where exactly `bytes` were read or written, otherwise 0. */
int board_file_read(int32_t file, void *data, size_t bytes);
int board_file_write(int32_t file, const void *data, size_t bytes);

#endif
