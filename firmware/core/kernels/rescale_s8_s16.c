#include "fixed.h"
#include "native.h"
#include "wide.h"

int thimble_rescale_s8_s16(const thimble_memory *memory, const void *block) {
    const thimble_rescale_s8_s16_arguments *a = block;
    const thimble_unary unary                 = {a->input, a->output, a->length, 1, 2};
    thimble_values values;
    if (!thimble_shift_valid(a->shift) || !thimble_unary_values(&unary, memory, &values)) return -1;
    for (int32_t i = 0; i < a->length; i++) {
        const int32_t x      = (int8_t)(values.from[i] ^ a->flip) - a->input_zero_point;
        const int32_t scaled = thimble_requantize(x, a->multiplier, a->shift);
        thimble_store_s16(values.to + 2 * i, thimble_clamp(scaled, INT16_MIN, INT16_MAX));
    }
    return 0;
}
