#include "fixed.h"
#include "native.h"
#include "wide.h"

int thimble_rescale_s16(const thimble_memory *memory, const void *block) {
    const thimble_rescale_s16_arguments *a = block;
    const thimble_unary unary              = {a->input, a->output, a->length, 2, 2};
    thimble_values values;
    if (!thimble_shift_valid(a->shift) || !thimble_shift_valid(a->negative_shift)) return -1;
    if (!thimble_unary_values(&unary, memory, &values)) return -1;
    for (int32_t i = 0; i < a->length; i++) {
        const int32_t x      = thimble_load_s16(values.from + 2 * i);
        const int32_t scaled = x < 0 ? thimble_requantize(x, a->negative_multiplier, a->negative_shift)
                                     : thimble_requantize(x, a->multiplier, a->shift);
        thimble_store_s16(values.to + 2 * i, thimble_clamp(scaled, a->activation_min, a->activation_max));
    }
    return 0;
}
