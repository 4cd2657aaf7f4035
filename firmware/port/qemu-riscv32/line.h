/* The UART in both directions, and the clock: for the program that updates itself. */
#ifndef LINE_H
#define LINE_H

#include <stddef.h>
#include <stdint.h>

/* Opened, it holds 16 bytes that have come. Reading: a byte, or -1 where none has come within `seconds`. */
void board_uart_open(void);
void board_uart_write(const uint8_t *data, size_t bytes);
int board_uart_read(uint32_t seconds);

/* Since reset, on the clock that passes by one nanosecond per instruction, or jumps while there is none. */
uint32_t board_seconds(void);
void board_sleep(uint32_t seconds);

#endif
