#include "elementwise.h"
#include "fixed.h"
#include "native.h"
#include "wide.h"

enum { HEADROOM = 15 };

static int32_t rescale(int32_t value, int32_t multiplier, int32_t shift) {
    return thimble_requantize(value * (1 << HEADROOM), multiplier, shift);
}

static void row_add(const void *block, const int8_t *x, const int8_t *y, int8_t *output) {
    const thimble_add_s16_arguments *a = block;
    const uint8_t *p = (const uint8_t *)x, *q = (const uint8_t *)y;
    uint8_t *to = (uint8_t *)output;
    for (int32_t i = 0; i < a->size[3]; i++) {
        const int32_t left   = rescale(thimble_load_s16(p), a->a_multiplier, a->a_shift);
        const int32_t right  = rescale(thimble_load_s16(q), a->b_multiplier, a->b_shift);
        const int32_t sum    = thimble_wrapping_add(left, thimble_wrapping_multiply(a->sign, right));
        const int32_t scaled = thimble_requantize(sum, a->output_multiplier, a->output_shift);
        thimble_store_s16(to, thimble_clamp(scaled, a->activation_min, a->activation_max));
        p += a->a_stride[3];
        q += a->b_stride[3];
        to += 2;
    }
}

int thimble_add_s16(const thimble_memory *memory, const void *block) {
    const thimble_add_s16_arguments *a = block;
    if (!thimble_shift_valid(a->a_shift) || !thimble_shift_valid(a->b_shift)) return -1;
    if (!thimble_shift_valid(a->output_shift)) return -1;
    return thimble_elementwise_run(memory, a, 2, row_add);
}
