/*
 * Runs native kernels on calls from stdin, for test/firmware/core/kernels.test.ts, which compares what they
 * leave in memory with what their AssemblyScript twins leave.
 *
 *     kernels_harness --list    one line per kernel: its name and the bytes of its block
 *     kernels_harness           calls, back to back, until stdin ends
 *
 * A call is u32 kernel (its line in the list), u32 memory_bytes, u32 constants_at, the argument block, the
 * bytes of memory. The answer is an i32 status, and after 0 the memory. All numbers are little-endian, as on
 * the machines that this runs on. Each part of memory is allocated on its own, so that the address sanitizer
 * sees one byte too many.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/kernels.h"

enum { MEMORY_BYTES_MAX = 1 << 20, WRONGLY_WRITTEN = -2 };

static int kernels_list(void) {
    for (unsigned i = 0; i < thimble_kernel_count; i++)
        printf("%s %u\n", thimble_kernels[i].name, (unsigned)thimble_kernels[i].block_bytes);
    return EXIT_SUCCESS;
}

__attribute__((noreturn)) static void die(const char *message) {
    fprintf(stderr, "kernels_harness: %s\n", message);
    exit(EXIT_FAILURE);
}

static void read_all(void *to, size_t bytes) {
    if (fread(to, 1, bytes, stdin) != bytes) die("expected the rest of a call, found the end of stdin");
}

static void write_all(const void *from, size_t bytes) {
    if (fwrite(from, 1, bytes, stdout) != bytes) die("stdout can't be written");
}

static void *allocate(size_t bytes) {
    void *block = malloc(bytes > 0 ? bytes : 1);
    if (block == NULL) die("out of memory");
    return block;
}

static void *copy_of(const void *from, size_t bytes) {
    void *copy = allocate(bytes);
    memcpy(copy, from, bytes);
    return copy;
}

static void call_run(const thimble_kernel *kernel, uint32_t memory_bytes, uint32_t constants_at) {
    void *block     = allocate(kernel->block_bytes);
    uint8_t *before = allocate(memory_bytes);
    read_all(block, kernel->block_bytes);
    read_all(before, memory_bytes);
    uint8_t *written            = copy_of(before, constants_at);
    uint8_t *constants          = copy_of(before + constants_at, memory_bytes - constants_at);
    const thimble_memory memory = {written, constants, constants_at, memory_bytes};
    int32_t status              = kernel->run(&memory, block);
    if (memcmp(before + constants_at, constants, memory_bytes - constants_at) != 0) status = WRONGLY_WRITTEN;
    if (status != 0 && memcmp(before, written, constants_at) != 0) status = WRONGLY_WRITTEN;
    write_all(&status, sizeof status);
    if (status == 0) {
        write_all(written, constants_at);
        write_all(constants, memory_bytes - constants_at);
    }
    /* When a sanitizer stops the next call, this one's answer is not lost: it tells which call it was. */
    fflush(stdout);
    free(constants);
    free(written);
    free(before);
    free(block);
}

int main(int count, char **options) {
    if (count == 2 && strcmp(options[1], "--list") == 0) return kernels_list();
    if (count != 1) die("expected --list or nothing");
    uint32_t head[3];
    while (fread(head, sizeof head, 1, stdin) == 1) {
        if (head[0] >= thimble_kernel_count) die("expected the number of a kernel");
        if (head[1] < 1 || head[1] > MEMORY_BYTES_MAX) die("expected memory of 1 byte to 1 MiB");
        if (head[2] > head[1]) die("expected constants that begin within memory");
        call_run(&thimble_kernels[head[0]], head[1], head[2]);
    }
    return EXIT_SUCCESS;
}
