/* Reads a module's bytes, each read checked against the end: for module_scan.c and function_scan.c. */
#ifndef THIMBLE_MODULE_READER_H
#define THIMBLE_MODULE_READER_H

#include "module_scan.h"

/* Reads past the end set `bad` and give 0, so that only the end of a section has to be checked. */
typedef struct thimble_reader {
    const uint8_t *at;
    const uint8_t *end;
    int bad;
} thimble_reader;

/* `bytes` of the module, or null where there are not as many. */
const uint8_t *thimble_take(thimble_reader *from, uint32_t bytes);

uint8_t thimble_take_byte(thimble_reader *from);

/* LEB128 of at most `bits` bits; signed ones come sign-extended. */
uint64_t thimble_take_leb(thimble_reader *from, unsigned bits, int is_signed);

uint32_t thimble_take_u32(thimble_reader *from);

/* A number that must be below `limit`; 0 and `bad` where it is not. */
uint32_t thimble_take_index(thimble_reader *from, uint32_t limit);

/*
 * Validates the body of a function: `body` is all of it, locals included, and of `info` all sections
 * before the code have been scanned. What it calls, and its native stack, go into `calls`, which may be
 * null. 1, or 0 where it is outside the subset.
 */
THIMBLE_CHECK_RESULT
int thimble_function_scan(const thimble_module_info *info, uint32_t function, thimble_section body,
                          thimble_calls *calls);

#endif
