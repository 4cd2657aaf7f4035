#include "fixed.h"
#include "native.h"
#include "wide.h"

int thimble_rescale_s16_s8(const thimble_memory *memory, const void *block) {
    const thimble_rescale_s16_s8_arguments *a = block;
    const thimble_unary unary                 = {a->input, a->output, a->length, 2, 1};
    thimble_values values;
    if (!thimble_shift_valid(a->shift) || !thimble_unary_values(&unary, memory, &values)) return -1;
    for (int32_t i = 0; i < a->length; i++) {
        const int32_t x      = thimble_load_s16(values.from + 2 * i);
        const int32_t scaled = thimble_requantize(x, a->multiplier, a->shift);
        const int32_t low = a->activation_min, high = a->activation_max;
        values.to[i] = (uint8_t)thimble_to_output(scaled, a->output_zero_point, low, high);
    }
    return 0;
}
