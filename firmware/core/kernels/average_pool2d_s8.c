#include "fixed.h"
#include "native.h"
#include "pool.h"

/* Halves away from zero; C's division truncates as WebAssembly's does. */
static int32_t mean(const thimble_pool_window *window) {
    const int32_t count = window->rows * window->columns;
    int32_t sum         = 0;
    for (int32_t y = 0; y < window->rows; y++) {
        const int8_t *row = window->values + y * window->row_bytes;
        for (int32_t x = 0; x < window->columns; x++) sum = thimble_wrapping_add(sum, row[x * window->step]);
    }
    const int32_t half = count >> 1;
    return thimble_wrapping_add(sum, sum > 0 ? half : -half) / count;
}

int thimble_average_pool2d_s8(const thimble_memory *memory, const void *block) {
    return thimble_pool_run(memory, block, mean);
}
