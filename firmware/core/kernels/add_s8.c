#include "check.h"
#include "elementwise.h"
#include "fixed.h"
#include "native.h"

enum { HEADROOM = 20 };

struct arguments {
    int32_t a, b, output;
    int32_t size[4], a_stride[4], b_stride[4];
    int32_t sign;
    int32_t a_zero_point, a_multiplier, a_shift, b_zero_point, b_multiplier, b_shift;
    int32_t output_multiplier, output_shift, output_zero_point, activation_min, activation_max;
};

/* An operand at the common scale. */
static int32_t rescale(int32_t value, int32_t zero_point, int32_t multiplier, int32_t shift) {
    const int32_t centred = thimble_wrapping_subtract(value, zero_point);
    return thimble_requantize(thimble_wrapping_shift(centred, HEADROOM), multiplier, shift);
}

static void row_add(const void *arguments, const int8_t *x, const int8_t *y, int8_t *output) {
    const struct arguments *a = arguments;
    const int32_t x_stride = a->a_stride[3], y_stride = a->b_stride[3];
    for (int32_t i = 0; i < a->size[3]; i++) {
        const int32_t left = rescale(x[i * x_stride], a->a_zero_point, a->a_multiplier, a->a_shift);
        const int32_t right = rescale(y[i * y_stride], a->b_zero_point, a->b_multiplier, a->b_shift);
        const int32_t sum = thimble_wrapping_add(left, thimble_wrapping_multiply(a->sign, right));
        const int32_t scaled = thimble_requantize(sum, a->output_multiplier, a->output_shift);
        output[i] = thimble_to_output(scaled, a->output_zero_point, a->activation_min, a->activation_max);
    }
}

int thimble_add_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes) {
    const struct arguments *a = (const struct arguments *)arguments;
    if (!thimble_shift_valid(a->a_shift) || !thimble_shift_valid(a->b_shift)) return -1;
    if (!thimble_shift_valid(a->output_shift)) return -1;
    return thimble_elementwise_run(a, memory, memory_bytes, row_add);
}
