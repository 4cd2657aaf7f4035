/*
 * The heap of one model: see heap.h. Blocks lie back to back, each with the sizes of itself and of the
 * block before, so that a block finds both neighbours. There are some dozens of blocks at most, so a walk
 * over all of them is cheaper in flash than a list of the free ones.
 */
#include "heap.h"

#include <string.h>

enum { ALIGNMENT = 8, IN_USE = 1 };

typedef struct block {
    uint32_t bytes;  /* header included; a multiple of 8, plus IN_USE */
    uint32_t before; /* bytes of the block before, 0 for the first */
} block;

static thimble_heap *selected;

static uint32_t block_bytes(const block *at) { return at->bytes & ~(uint32_t)IN_USE; }

static int block_in_use(const block *at) { return (at->bytes & IN_USE) != 0; }

static block *block_at(const thimble_heap *heap, uint32_t offset) {
    return (block *)(void *)(heap->start + offset);
}

static uint32_t block_offset(const thimble_heap *heap, const block *at) {
    return (uint32_t)((const uint8_t *)at - heap->start);
}

/* The block behind `at`, or null where that is the last. */
static block *block_next(const thimble_heap *heap, const block *at) {
    uint32_t offset = block_offset(heap, at) + block_bytes(at);
    return offset < heap->bytes ? block_at(heap, offset) : NULL;
}

static void block_resize(thimble_heap *heap, block *at, uint32_t bytes) {
    at->bytes   = bytes | (at->bytes & IN_USE);
    block *next = block_next(heap, at);
    if (next != NULL) next->before = bytes;
}

static void block_merge_next(thimble_heap *heap, block *at) {
    block *next = block_next(heap, at);
    if (next != NULL && !block_in_use(next)) block_resize(heap, at, block_bytes(at) + block_bytes(next));
}

/* Makes `at` exactly `bytes` long and in use; what is left over becomes a free block. */
static void block_use(thimble_heap *heap, block *at, uint32_t bytes) {
    uint32_t rest = block_bytes(at) - bytes;
    uint32_t end  = block_offset(heap, at) + bytes;
    if (rest > 0) {
        block *free_part  = block_at(heap, end);
        free_part->bytes  = rest;
        free_part->before = bytes;
        block *behind     = block_next(heap, free_part);
        if (behind != NULL) behind->before = rest;
        at->bytes = bytes;
        block_merge_next(heap, free_part);
    }
    at->bytes = bytes | IN_USE;
    if (end > heap->high) heap->high = end;
}

static block *first_fit(const thimble_heap *heap, uint32_t bytes) {
    block *at = heap->bytes > 0 ? block_at(heap, 0) : NULL;
    while (at != NULL && (block_in_use(at) || block_bytes(at) < bytes)) at = block_next(heap, at);
    return at;
}

/* Size of a block that holds `size` bytes; 0 where no block can. */
static uint32_t size_of_block(const thimble_heap *heap, size_t size) {
    uint64_t bytes = THIMBLE_HEAP_BLOCK(size);
    return bytes >= size && bytes <= heap->bytes ? (uint32_t)bytes : 0;
}

static block *block_of(void *memory) { return (block *)memory - 1; }

static void *exhausted(thimble_heap *heap) {
    heap->exhausted = 1;
    thimble_heap_exhausted();
    return NULL;
}

void thimble_heap_open(thimble_heap *heap, uint8_t *start, size_t bytes) {
    uint32_t most   = UINT32_MAX & ~(uint32_t)(ALIGNMENT - 1);
    uint32_t usable = bytes > most ? most : (uint32_t)bytes & ~(uint32_t)(ALIGNMENT - 1);
    *heap           = (thimble_heap){.start = start, .bytes = usable};
    if (usable == 0) return;
    block *first  = block_at(heap, 0);
    first->bytes  = usable;
    first->before = 0;
}

int thimble_heap_reserve(thimble_heap *heap, uint64_t bytes) {
    uint64_t rounded = (bytes + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);
    const block *fit = rounded >= bytes && rounded <= heap->bytes ? first_fit(heap, (uint32_t)rounded) : NULL;
    if (fit == NULL) {
        heap->exhausted = 1;
        return 0;
    }
    uint32_t end = block_offset(heap, fit) + (uint32_t)rounded;
    if (end > heap->high) heap->high = end;
    return 1;
}

thimble_heap *thimble_heap_select(thimble_heap *heap) {
    thimble_heap *before = selected;
    selected             = heap;
    return before;
}

/* Memory with whatever it held before. */
static void *allocate(thimble_heap *heap, size_t size) {
    uint32_t bytes = size_of_block(heap, size);
    block *fit     = bytes > 0 ? first_fit(heap, bytes) : NULL;
    if (fit == NULL) return exhausted(heap);
    block_use(heap, fit, bytes);
    return fit + 1;
}

void *thimble_calloc(size_t count, size_t size) {
    thimble_heap *heap = selected;
    if (heap == NULL) return NULL;
    if (size > 0 && count > SIZE_MAX / size) return exhausted(heap);
    void *memory = allocate(heap, count * size);
    return memory != NULL ? memset(memory, 0, count * size) : NULL;
}

static void *move(thimble_heap *heap, void *memory, size_t size) {
    void *moved = allocate(heap, size);
    if (moved == NULL) return NULL;
    size_t kept = block_bytes(block_of(memory)) - sizeof(block);
    memcpy(moved, memory, kept < size ? kept : size);
    thimble_free(memory);
    return moved;
}

void *thimble_realloc(void *memory, size_t size) {
    thimble_heap *heap = selected;
    if (heap == NULL) return NULL;
    if (memory == NULL) return allocate(heap, size);
    uint32_t bytes = size_of_block(heap, size);
    if (bytes == 0) return exhausted(heap);
    block *at         = block_of(memory);
    const block *next = block_next(heap, at);
    uint32_t room     = block_bytes(at) + (next != NULL && !block_in_use(next) ? block_bytes(next) : 0);
    if (bytes > room) return move(heap, memory, size);
    if (bytes > block_bytes(at)) block_merge_next(heap, at);
    block_use(heap, at, bytes);
    return memory;
}

void thimble_free(void *memory) {
    thimble_heap *heap = selected;
    if (memory == NULL || heap == NULL) return;
    block *at = block_of(memory);
    at->bytes &= ~(uint32_t)IN_USE;
    block_merge_next(heap, at);
    if (at->before == 0) return;
    block *before = block_at(heap, block_offset(heap, at) - at->before);
    if (!block_in_use(before)) block_merge_next(heap, before);
}
