/* Parts that main.c and scenario.c share: the port for a development machine, and reading hexadecimal. */
#ifndef THIMBLE_POSIX_PORT_H
#define THIMBLE_POSIX_PORT_H

#include "thimble.h"

/* Main threads have 8 MiB of stack. */
enum { POSIX_KEYS_MAX = 8, POSIX_RAM_BYTES = 256 * 1024, POSIX_STACK_BYTES = 4 * 1024 * 1024 };

/* Microseconds on a clock that only goes forward. */
uint32_t posix_ticks(void *context);

/* Bytes that `text` spells in hexadecimal, at most `size`; -1 where it is malformed or longer. */
long posix_hex(const char *text, uint8_t *bytes, size_t size);

/* Commands from stdin, one answer a line on stdout: see scenario.c. Returns the exit status. */
int posix_scenario(void);

/* The words of a command: "" and 0 behind the last one. */
typedef struct posix_words {
    const char *(*at)(unsigned index);
    uint32_t (*number)(unsigned index);
} posix_words;

/* Carries out a command of values.c; 0 where it is none. `model` may be null. */
int posix_values(thimble_model *model, const posix_words *words);

/* That of stream.c. */
int posix_stream(thimble_model *model, const posix_words *words);

typedef struct posix_outcome {
    thimble_status opened, invoked; /* `invoked` is that of the first invocation that failed, or 0 */
    uint32_t checksum;              /* FNV-1a of the outputs of all invocations that gave some */
} posix_outcome;

/*
 * Opens a module, in an image whose hash and signature nobody looks at, in that much RAM, allocated to
 * the byte; and invokes it so often where it is accepted. Aborts where it can't go on.
 */
posix_outcome posix_module_run(const uint8_t *module, size_t size, size_t ram_bytes, int portable,
                               unsigned invocations);

/* Modules from stdin, an outcome a line on stdout: see modules.c. Returns the exit status. */
int posix_modules(void);

#endif
