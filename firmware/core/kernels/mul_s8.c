#include "check.h"
#include "elementwise.h"
#include "fixed.h"
#include "native.h"

typedef thimble_mul_s8_arguments arguments;

static void row_multiply(const void *block, const int8_t *x, const int8_t *y, int8_t *output) {
    const arguments *a     = block;
    const int32_t x_stride = a->a_stride[3], y_stride = a->b_stride[3];
    for (int32_t i = 0; i < a->size[3]; i++) {
        const int32_t left    = thimble_wrapping_subtract(x[i * x_stride], a->a_zero_point);
        const int32_t right   = thimble_wrapping_subtract(y[i * y_stride], a->b_zero_point);
        const int32_t product = thimble_wrapping_multiply(left, right);
        const int32_t scaled  = thimble_requantize(product, a->output_multiplier, a->output_shift);
        output[i] = thimble_to_output(scaled, a->output_zero_point, a->activation_min, a->activation_max);
    }
}

int thimble_mul_s8(const thimble_memory *memory, const void *block) {
    const arguments *a = block;
    if (!thimble_shift_valid(a->output_shift)) return -1;
    return thimble_elementwise_run(memory, a, 1, row_multiply);
}
