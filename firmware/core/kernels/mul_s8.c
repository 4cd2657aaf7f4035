#include "check.h"
#include "elementwise.h"
#include "fixed.h"
#include "native.h"

struct arguments {
    int32_t a, b, output;
    int32_t size[4], a_stride[4], b_stride[4];
    int32_t a_zero_point, b_zero_point;
    int32_t output_multiplier, output_shift, output_zero_point, activation_min, activation_max;
};

static void row_multiply(const void *arguments, const int8_t *x, const int8_t *y, int8_t *output) {
    const struct arguments *a = arguments;
    const int32_t x_stride = a->a_stride[3], y_stride = a->b_stride[3];
    for (int32_t i = 0; i < a->size[3]; i++) {
        const int32_t left = thimble_wrapping_subtract(x[i * x_stride], a->a_zero_point);
        const int32_t right = thimble_wrapping_subtract(y[i * y_stride], a->b_zero_point);
        const int32_t product = thimble_wrapping_multiply(left, right);
        const int32_t scaled = thimble_requantize(product, a->output_multiplier, a->output_shift);
        output[i] = thimble_to_output(scaled, a->output_zero_point, a->activation_min, a->activation_max);
    }
}

int thimble_mul_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes) {
    const struct arguments *a = (const struct arguments *)arguments;
    if (!thimble_shift_valid(a->output_shift)) return -1;
    return thimble_elementwise_run(a, memory, memory_bytes, row_multiply);
}
