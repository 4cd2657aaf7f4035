/* What the pooling kernels share: everything but the reduction of one window. */
#ifndef THIMBLE_KERNELS_POOL_H
#define THIMBLE_KERNELS_POOL_H

#include "native.h"

/* Where the part of a window that lies inside the image begins, for one channel, and its size. */
typedef struct thimble_pool_window {
    const int8_t *values;
    int32_t rows, columns;   /* both at least 1 */
    int32_t row_bytes, step; /* from one row to the next, from one value to the next in a row */
} thimble_pool_window;

typedef int32_t (*thimble_pool_reduce)(const thimble_pool_window *window);

/* As thimble_kernel.run, with the clamped result of `reduce` in each place. */
int thimble_pool_run(const thimble_memory *memory, const void *block, thimble_pool_reduce reduce);

#endif
