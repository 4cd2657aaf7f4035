/*
 * Fuzzes the native kernels: whatever a module passes to one, it stays inside linear memory, has no undefined
 * behaviour, and does not touch the memory when it refuses.
 *
 * An input is one byte for the kernel, the arguments as little-endian i32, and the rest is the memory. It is
 * short, so that no call that the kernels accept takes long. The corpus in test/fuzz/corpus/kernels has calls
 * that are right, to start from; test/firmware/fuzz/kernels_corpus.ts writes them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../core/kernels.h"

enum { PARAMETERS_MAX = 32, MEMORY_BYTES_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void call_run(const thimble_kernel *kernel, const int32_t *arguments, const uint8_t *image,
                     uint32_t memory_bytes) {
    /* A block of its own, so that the address sanitizer sees one byte too many. */
    uint8_t *memory = malloc(memory_bytes);
    if (memory == NULL) abort();
    memcpy(memory, image, memory_bytes);
    const int status = kernel->run(arguments, memory, memory_bytes);
    if (status != 0 && (status != -1 || memcmp(image, memory, memory_bytes) != 0)) abort();
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) return 0;
    const thimble_kernel *kernel = &thimble_kernels[data[0] % thimble_kernel_count];
    const size_t arguments_bytes = kernel->parameters * sizeof(int32_t), head = 1 + arguments_bytes;
    if (kernel->parameters > PARAMETERS_MAX) abort();
    if (size <= head || size - head > MEMORY_BYTES_MAX) return 0;
    int32_t arguments[PARAMETERS_MAX] = {0};
    memcpy(arguments, data + 1, arguments_bytes);
    call_run(kernel, arguments, data + head, (uint32_t)(size - head));
    return 0;
}
