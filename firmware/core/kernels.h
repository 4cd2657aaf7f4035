/*
 * The table of native kernels: C twins of the functions that a module exports as "kernel.<name>.<version>".
 *
 * bind.c looks every such export up here by its whole name and, where the function's type is exactly
 * `parameters` times i32 and no result, has wasm3 call `run` in its place.
 */
#ifndef THIMBLE_KERNELS_H
#define THIMBLE_KERNELS_H

#include <stdint.h>

typedef struct thimble_kernel {
    const char *name;   /* as exported, e.g. "kernel.conv2d_s8.2" */
    uint8_t parameters; /* how many; each is an i32 */

    /*
     * `arguments` are in the order of the exported function; pointers are offsets into `memory`, which
     * is aligned to 4 bytes. They come from the module, so nothing about them is known: every pointer
     * and length is checked against `memory_bytes` before the first access. Returns 0, or -1 where an
     * argument is wrong; the caller then traps, and what `memory` holds does not matter.
     */
    int (*run)(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes);
} thimble_kernel;

/* The kernels built in: a row is left out with -DTHIMBLE_NO_<KERNEL>. May be empty. */
extern const thimble_kernel thimble_kernels[];
extern const unsigned thimble_kernel_count;

#endif
