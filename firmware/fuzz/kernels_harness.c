/*
 * Runs native kernels on calls from stdin, for test/firmware/core/kernels.test.ts, which compares what they
 * leave in memory with what their AssemblyScript twins leave.
 *
 *     kernels_harness --list    one line per kernel: its name and its number of parameters
 *     kernels_harness           calls, back to back, until stdin ends
 *
 * A call is u32 kernel (its line in the list), u32 memory_bytes, the arguments, the bytes of memory. The
 * answer is an i32 status, and after 0 the memory. All numbers are little-endian, as on the machines that
 * this runs on. Memory is a block of its own, so that the address sanitizer sees one byte too many.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/kernels.h"

enum { MEMORY_BYTES_MAX = 1 << 20, REFUSED_BUT_WRITTEN = -2 };

static int kernels_list(void) {
    for (unsigned i = 0; i < thimble_kernel_count; i++)
        printf("%s %d\n", thimble_kernels[i].name, thimble_kernels[i].parameters);
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
    void *block = malloc(bytes);
    if (block == NULL) die("out of memory");
    return block;
}

static void call_run(const thimble_kernel *kernel, uint32_t memory_bytes) {
    int32_t *arguments = allocate(kernel->parameters * sizeof *arguments);
    uint8_t *before = allocate(memory_bytes), *memory = allocate(memory_bytes);
    read_all(arguments, kernel->parameters * sizeof *arguments);
    read_all(before, memory_bytes);
    memcpy(memory, before, memory_bytes);
    int32_t status = kernel->run(arguments, memory, memory_bytes);
    if (status != 0 && memcmp(before, memory, memory_bytes) != 0) status = REFUSED_BUT_WRITTEN;
    write_all(&status, sizeof status);
    if (status == 0) write_all(memory, memory_bytes);
    /* When a sanitizer stops the next call, this one's answer is not lost: it tells which call it was. */
    fflush(stdout);
    free(memory);
    free(before);
    free(arguments);
}

int main(int count, char **options) {
    if (count == 2 && strcmp(options[1], "--list") == 0) return kernels_list();
    if (count != 1) die("expected --list or nothing");
    uint32_t head[2];
    while (fread(head, sizeof head, 1, stdin) == 1) {
        if (head[0] >= thimble_kernel_count) die("expected the number of a kernel");
        if (head[1] < 1 || head[1] > MEMORY_BYTES_MAX) die("expected memory of 1 byte to 1 MiB");
        call_run(&thimble_kernels[head[0]], head[1]);
    }
    return EXIT_SUCCESS;
}
