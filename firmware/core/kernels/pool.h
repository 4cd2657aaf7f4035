/* What the pooling kernels share: everything but the reduction of one window. */
#ifndef THIMBLE_KERNELS_POOL_H
#define THIMBLE_KERNELS_POOL_H

#include <stdbool.h>
#include <stdint.h>

typedef struct thimble_pool {
    int32_t input, output, batches, input_height, input_width, channels, output_height, output_width;
    int32_t kernel_height, kernel_width, stride_height, stride_width, pad_top, pad_left;
    int32_t activation_min, activation_max;
} thimble_pool;

/* Where the part of a window that lies inside the image begins, for one channel, and its size. */
typedef struct thimble_pool_window {
    const int8_t *values;
    int32_t rows, columns;   /* both at least 1 */
    int32_t row_bytes, step; /* from one row to the next, from one value to the next in a row */
} thimble_pool_window;

typedef int32_t (*thimble_pool_reduce)(const thimble_pool_window *window);

/* As thimble_kernel.run, with the clamped result of `reduce` in each place. */
int thimble_pool_run(const thimble_pool *pool, uint8_t *memory, uint32_t memory_bytes,
                     thimble_pool_reduce reduce);

#endif
