#include "native.h"
#include "pool.h"

static int32_t greatest(const thimble_pool_window *window) {
    int32_t result = INT8_MIN;
    for (int32_t y = 0; y < window->rows; y++) {
        const int8_t *row = window->values + y * window->row_bytes;
        for (int32_t x = 0; x < window->columns; x++)
            if (row[x * window->step] > result) result = row[x * window->step];
    }
    return result;
}

int thimble_max_pool2d_s8(const thimble_memory *memory, const void *block) {
    return thimble_pool_run(memory, block, greatest);
}
