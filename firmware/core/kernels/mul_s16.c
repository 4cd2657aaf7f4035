#include "elementwise.h"
#include "fixed.h"
#include "native.h"
#include "wide.h"

static void row_multiply(const void *block, const int8_t *x, const int8_t *y, int8_t *output) {
    const thimble_mul_s16_arguments *a = block;
    const uint8_t *p = (const uint8_t *)x, *q = (const uint8_t *)y;
    uint8_t *to = (uint8_t *)output;
    for (int32_t i = 0; i < a->size[3]; i++) {
        const int32_t product = (int32_t)thimble_load_s16(p) * thimble_load_s16(q);
        const int32_t scaled  = thimble_requantize(product, a->output_multiplier, a->output_shift);
        thimble_store_s16(to, thimble_clamp(scaled, a->activation_min, a->activation_max));
        p += a->a_stride[3];
        q += a->b_stride[3];
        to += 2;
    }
}

int thimble_mul_s16(const thimble_memory *memory, const void *block) {
    const thimble_mul_s16_arguments *a = block;
    if (!thimble_shift_valid(a->output_shift)) return -1;
    return thimble_elementwise_run(memory, a, 2, row_multiply);
}
