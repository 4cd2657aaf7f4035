/* What main.c and scenario.c share: the port for a development machine, and reading hexadecimal. */
#ifndef THIMBLE_POSIX_PORT_H
#define THIMBLE_POSIX_PORT_H

#include "thimble.h"

enum { POSIX_KEYS_MAX = 8, POSIX_RAM_BYTES = 256 * 1024 };

/* Microseconds on a clock that only goes forward. */
uint32_t posix_ticks(void *context);

/* Bytes that `text` spells in hexadecimal, at most `size`; -1 where it is malformed or longer. */
long posix_hex(const char *text, uint8_t *bytes, size_t size);

/* Commands from stdin, one answer a line on stdout: see scenario.c. Returns the exit status. */
int posix_scenario(void);

#endif
