/*
 * wasm3's operations along the longest path through a function, in frames of native stack:
 * host/module/dispatches.ts says what is counted. Heights are numbers of values on the stack of operands.
 */
#ifndef THIMBLE_OPERATION_COUNT_H
#define THIMBLE_OPERATION_COUNT_H

#include <stdint.h>

typedef struct operation_count {
    uint32_t path;        /* frames that are open */
    uint32_t most_path;   /* the most that were, without what is called */
    uint32_t in_register; /* height above the value that is in wasm3's register; 0 where none is */
    uint32_t constants;   /* slots for constants that are left */
    int keeps;            /* whether every operation keeps its frame */
} operation_count;

/* So many operations with as many frames each. */
void operations_run(operation_count *count, uint32_t operations, uint32_t frames);

/* An operation on so many values from the top, before they are popped. */
void operations_operate(operation_count *count, uint32_t frames, uint32_t height, uint32_t operands);

/* Puts the value on top into the register. */
void operations_load(operation_count *count, uint32_t height);

void operations_constant(operation_count *count, uint32_t slots);

/* `block`, `loop` or `if`, with its condition still there; `own` are the innermost block's values. */
void operations_block(operation_count *count, uint8_t opcode, uint32_t height, uint32_t own);

/* Frames of an opcode of SUBSET_WIDE. */
uint32_t operations_wide(uint8_t opcode);

/* These frames, and those of the jumps between the pages of code that so many operations fill. */
uint32_t operations_with_pages(const operation_count *count, uint32_t frames);

#endif
