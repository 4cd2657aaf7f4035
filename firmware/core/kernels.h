/*
 * The table of native kernels: C twins of the functions that a module exports as "kernel.<name>.<version>".
 *
 * bind.c looks every such export up here by its whole name and, where the function takes one i32 and has no
 * result, has wasm3 call `run` in its place.
 */
#ifndef THIMBLE_KERNELS_H
#define THIMBLE_KERNELS_H

#include <stdint.h>

/*
 * A module's linear memory as native kernels see it, in two parts: one that they read and write, and behind
 * it the constants, which they only read. Those may lie in flash. Both are aligned to 4 bytes, and so is the
 * offset at which the second begins.
 */
typedef struct thimble_memory {
    uint8_t *written;
    const uint8_t *constants;
    uint32_t constants_at; /* offset of the first constant */
    uint32_t bytes;        /* of both parts */
} thimble_memory;

typedef struct thimble_kernel {
    const char *name;     /* as exported, e.g. "kernel.conv2d_s8.2" */
    uint32_t block_bytes; /* of its arguments */

    /*
     * `block` holds the arguments (kernels/arguments.h), aligned to 4 bytes, among the constants. They come
     * from the module, so nothing about them is known: every address and length is checked before the first
     * access. Returns 0, or -1 where an argument is wrong, and then nothing has been written; the caller
     * traps.
     */
    int (*run)(const thimble_memory *memory, const void *block);
} thimble_kernel;

/* The kernels built in: a row is left out with -DTHIMBLE_NO_<KERNEL>. May be empty. */
extern const thimble_kernel thimble_kernels[];
extern const unsigned thimble_kernel_count;

#endif
