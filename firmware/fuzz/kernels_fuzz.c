/*
 * Fuzzes the native kernels: whatever a module passes to one, it stays inside linear memory, has no undefined
 * behaviour, and does not touch the memory when it refuses.
 *
 * An input is one byte for the kernel, two for the offset of the constants, the argument block, and the rest
 * is the memory. It is short, so that no call that the kernels accept takes long. The corpus in
 * test/fuzz/corpus/kernels has calls that are right, to start from; they are written by
 * test/firmware/fuzz/kernels_corpus.ts.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../core/kernels.h"

enum { HEAD_BYTES = 3, BLOCK_BYTES_MAX = 256, MEMORY_BYTES_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A block of its own, so that the address sanitizer sees one byte too many. */
static uint8_t *copy_of(const uint8_t *from, size_t bytes) {
    uint8_t *copy = malloc(bytes > 0 ? bytes : 1);
    if (copy == NULL) abort();
    memcpy(copy, from, bytes);
    return copy;
}

static void call_run(const thimble_kernel *kernel, const void *block, const uint8_t *image,
                     uint32_t constants_at, uint32_t memory_bytes) {
    const uint32_t constant_bytes = memory_bytes - constants_at;
    uint8_t *written              = copy_of(image, constants_at);
    uint8_t *constants            = copy_of(image + constants_at, constant_bytes);
    const thimble_memory memory   = {written, constants, constants_at, memory_bytes};
    const int status              = kernel->run(&memory, block);
    if (status != 0 && (status != -1 || memcmp(image, written, constants_at) != 0)) abort();
    if (memcmp(image + constants_at, constants, constant_bytes) != 0) abort();
    free(constants);
    free(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < HEAD_BYTES) return 0;
    const thimble_kernel *kernel = &thimble_kernels[data[0] % thimble_kernel_count];
    const size_t head            = HEAD_BYTES + kernel->block_bytes;
    if (kernel->block_bytes > BLOCK_BYTES_MAX) abort();
    if (size <= head || size - head > MEMORY_BYTES_MAX) return 0;
    const uint32_t memory_bytes = (uint32_t)(size - head);
    const uint32_t constants_at = data[1] | (uint32_t)data[2] << 8;
    /* As the loader asks for. */
    if (constants_at > memory_bytes || constants_at % 4 != 0) return 0;
    uint64_t block[BLOCK_BYTES_MAX / sizeof(uint64_t)] = {0};
    memcpy(block, data + HEAD_BYTES, kernel->block_bytes);
    call_run(kernel, block, data + head, constants_at, memory_bytes);
    return 0;
}
