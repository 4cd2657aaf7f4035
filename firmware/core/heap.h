/*
 * A bounded heap in memory that the caller hands in: first fit, neighbouring free blocks merged.
 *
 * wasm3 is compiled with calloc, realloc and free renamed to the three functions below (wasm3.flags);
 * they serve it from the heap that was selected last. Nothing else is ever allocated.
 */
#ifndef THIMBLE_HEAP_H
#define THIMBLE_HEAP_H

#include <stddef.h>
#include <stdint.h>

typedef struct thimble_heap {
    uint8_t *start;     /* aligned to 8 bytes */
    uint32_t bytes;     /* a multiple of 8 */
    uint32_t high;      /* bytes from the start that were ever needed: as many would have sufficed */
    uint32_t exhausted; /* 1 once an allocation has failed */
} thimble_heap;

/* Room that an allocation of `bytes` takes, its bookkeeping included. */
#define THIMBLE_HEAP_BLOCK(bytes) (((uint64_t)(bytes) + 15u) & ~(uint64_t)7)

/* Takes over `bytes` at `start`, which is aligned to 8 bytes; both may be too small to be of use. */
void thimble_heap_open(thimble_heap *heap, uint8_t *start, size_t bytes);

/* Makes sure that allocations of `bytes` in all would not fail now; 1, or 0 where they might. */
int thimble_heap_reserve(thimble_heap *heap, uint64_t bytes);

/* Selects the heap that serves wasm3, null for none; returns the one selected before. */
thimble_heap *thimble_heap_select(thimble_heap *heap);

/* Called at every allocation that fails; model.c has it. */
void thimble_heap_exhausted(void);

void *thimble_calloc(size_t count, size_t size);
void *thimble_realloc(void *memory, size_t size);
void thimble_free(void *memory);

#endif
