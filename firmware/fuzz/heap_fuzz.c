/*
 * Fuzzes the heap of a model: whatever is asked of it, in whatever order, blocks lie inside of it, apart from
 * each other and aligned, keep what was written, and nothing is lost once all is free again. The input is a
 * list of operations of three bytes: what, which block, how much.
 */
#include "../core/heap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { HEAP = 1024, BLOCKS = 16, HEADER = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct held {
    uint8_t *at;
    size_t bytes;
    uint8_t fill;
} held;

static uint8_t memory[HEAP] __attribute__((aligned(8)));
static held blocks[BLOCKS];
static thimble_heap heap;

/* The model's part, which there is none of. */
void thimble_heap_exhausted(void) {}

static void require(int condition) {
    if (!condition) abort();
}

static void check(void) {
    require(heap.high <= HEAP);
    for (unsigned i = 0; i < BLOCKS; i++) {
        const held *one = &blocks[i];
        if (one->at == NULL) continue;
        require(((uintptr_t)one->at & 7) == 0);
        require(one->at >= memory + HEADER && one->at + one->bytes <= memory + heap.high);
        for (size_t at = 0; at < one->bytes; at++) require(one->at[at] == one->fill);
        for (unsigned j = 0; j < i; j++)
            require(blocks[j].at == NULL || blocks[j].at + blocks[j].bytes + HEADER <= one->at ||
                    one->at + one->bytes + HEADER <= blocks[j].at);
    }
}

static void keep(held *one, uint8_t *at, size_t bytes, uint8_t fill) {
    *one = (held){at, bytes, fill};
    memset(at, fill, bytes);
}

/* The most that can be allocated at once: every free byte in one piece where nothing is held. */
static void check_empty(void) {
    for (unsigned i = 0; i < BLOCKS; i++) {
        thimble_free(blocks[i].at);
        blocks[i] = (held){0};
    }
    void *whole = thimble_calloc(1, HEAP - HEADER);
    require(whole != NULL);
    require(thimble_calloc(1, 1) == NULL && heap.exhausted);
    thimble_free(whole);
}

static void act(uint8_t what, held *one, uint32_t bytes, uint8_t fill) {
    if (what % 4 == 0) {
        thimble_free(one->at);
        *one = (held){0};
    } else if (what % 4 == 1 && one->at == NULL) {
        uint8_t *at = thimble_calloc(bytes, 1);
        for (size_t i = 0; at != NULL && i < bytes; i++) require(at[i] == 0);
        if (at != NULL) keep(one, at, bytes, fill);
    } else if (what % 4 == 2) {
        uint8_t *at          = thimble_realloc(one->at, bytes);
        const size_t kept    = one->bytes < bytes ? one->bytes : bytes;
        const uint8_t before = one->fill;
        for (size_t i = 0; at != NULL && i < kept; i++) require(at[i] == before);
        if (at != NULL) keep(one, at, bytes, fill);
    } else if (what % 4 == 3) {
        // Memory that can be reserved can be allocated.
        heap.exhausted = 0;
        if (one->at == NULL && thimble_heap_reserve(&heap, THIMBLE_HEAP_BLOCK(bytes))) {
            uint8_t *at = thimble_calloc(1, bytes);
            require(at != NULL && !heap.exhausted);
            keep(one, at, bytes, fill);
        }
    }
}

/* Sizes that wrap, or that nothing holds: refused, said, and nothing has changed. */
static void check_limits(void) {
    static const size_t sizes[] = {HEAP - HEADER + 1, HEAP,          SIZE_MAX,
                                   SIZE_MAX - 7,      SIZE_MAX - 14, SIZE_MAX / 2};
    uint8_t *one                = thimble_calloc(1, 8);
    require(one != NULL);
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        heap.exhausted = 0;
        require(thimble_calloc(1, sizes[i]) == NULL && heap.exhausted);
        heap.exhausted = 0;
        require(thimble_realloc(one, sizes[i]) == NULL && heap.exhausted);
        heap.exhausted = 0;
        require(!thimble_heap_reserve(&heap, sizes[i]) && heap.exhausted);
    }
    heap.exhausted = 0;
    require(thimble_calloc(SIZE_MAX / 4 + 2, 4) == NULL && heap.exhausted);
    require(!thimble_heap_reserve(&heap, UINT64_MAX) && !thimble_heap_reserve(&heap, UINT64_MAX - 3));
    require(!thimble_heap_reserve(&heap, ((uint64_t)1 << 32) + 8));
    thimble_free(one);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    memset(memory, 0xa5, sizeof memory);
    memset(blocks, 0, sizeof blocks);
    // The last bytes that fill no unit of alignment are not used.
    thimble_heap_open(&heap, memory,
                      HEAP - (size > 0 && data[0] % 8 == 0 ? 0 : 8) + (size > 0 ? data[0] % 8 : 0));
    require(heap.bytes % 8 == 0 && heap.bytes <= HEAP && heap.high == 0);
    thimble_heap_open(&heap, memory, HEAP);
    thimble_heap *before = thimble_heap_select(&heap);
    for (; size >= 3; data += 3, size -= 3) {
        act(data[0], &blocks[data[1] % BLOCKS], data[2] * (data[0] >> 6), data[1]);
        check();
    }
    check_empty();
    check_limits();
    check_empty();
    require(thimble_heap_select(before) == &heap);
    return 0;
}
