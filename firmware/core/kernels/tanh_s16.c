#include "sigmoid.h"

enum { BITS = 8 };

int thimble_tanh_s16(const thimble_memory *memory, const void *block) {
    const thimble_sigmoid_s16_arguments *a = block;
    thimble_sigmoid sigmoid;
    if (!thimble_sigmoid_begin(a, memory, BITS, &sigmoid)) return -1;
    for (int32_t i = 0; i < a->length; i++) {
        const int32_t x     = thimble_load_s16(sigmoid.values.from + 2 * i);
        const int32_t parts = thimble_sigmoid_steps(a, sigmoid.half, x);
        const int32_t size  = thimble_magnitude(parts);
        int32_t result      = UINT16_MAX << BITS;
        if (size < THIMBLE_SIGMOID_LAST << BITS) result = thimble_sigmoid_at(sigmoid.table, size, BITS);
        result -= 1 << 23;
        result = parts >= 0 ? result + (1 << (BITS - 1)) : -result + (1 << (BITS - 1)) - 1;
        thimble_store_s16(sigmoid.values.to + 2 * i, result >> BITS);
    }
    return 0;
}
