#include "order.h"

#include "check.h"
#include "elementwise.h"
#include "fixed.h"
#include "native.h"
#include "output.h"

enum { HEADROOM = 20 };

typedef thimble_add_s8_arguments arguments;

/* An operand at the common scale. */
static int32_t rescale(int32_t value, int32_t zero_point, int32_t multiplier, int32_t shift) {
    const int32_t centred = thimble_wrapping_subtract(value, zero_point);
    return thimble_requantize(thimble_wrapping_shift(centred, HEADROOM), multiplier, shift);
}

static void row_add(const void *block, const int8_t *x, const int8_t *y, int8_t *output) {
    const arguments *a     = block;
    const int32_t x_stride = a->a_stride[3], y_stride = a->b_stride[3];
    for (int32_t i = 0; i < a->size[3]; i++) {
        const int32_t left   = rescale(x[i * x_stride], a->a_zero_point, a->a_multiplier, a->a_shift);
        const int32_t right  = rescale(y[i * y_stride], a->b_zero_point, a->b_multiplier, a->b_shift);
        const int32_t sum    = thimble_wrapping_add(left, thimble_wrapping_multiply(a->sign, right));
        const int32_t scaled = thimble_requantize(sum, a->output_multiplier, a->output_shift);
        output[i] = thimble_to_output(scaled, a->output_zero_point, a->activation_min, a->activation_max);
    }
}

/* One operand's way to the common scale, where it is a short one: see output.h. */
struct scale {
    int32_t zero_point, half, tie, right;
    uint32_t factor;
};

static bool scale_find(struct scale *scale, int32_t zero_point, int32_t multiplier, int32_t shift) {
    if (shift > 0 || multiplier < 0 || zero_point < INT8_MIN || zero_point > INT8_MAX) return false;
    const bool is_rounded = shift < 0;
    *scale = (struct scale){zero_point, is_rounded ? 1 << (-shift - 1) : 0, -is_rounded, -shift,
                            (uint32_t)multiplier << 1};
    return shift >= -22;
}

static inline int32_t rescale_short(int32_t value, const struct scale *scale) {
    const int32_t centred = (value - scale->zero_point) * (1 << HEADROOM);
    const int64_t product = (int64_t)centred * scale->factor;
    const int32_t high    = (int32_t)(product >> 32) + (int32_t)((uint32_t)product >> 31);
    return (high + scale->half + ((centred >> 31) & scale->tie)) >> scale->right;
}

/* Both operands are below 2^28, so that their sum fits. */
static bool row_add_short(const arguments *a, const int8_t *x, const int8_t *y, int8_t *output) {
    struct scale p, q;
    thimble_layer layer = {
        .zero_point = a->output_zero_point, .low = a->activation_min, .high = a->activation_max};
    thimble_layer_prepare(&layer);
    const thimble_channel channel = thimble_channel_of(&layer, a->output_multiplier, a->output_shift);
    const bool is_relu            = channel.way == THIMBLE_SHORT_RELU;
    if (!is_relu && channel.way != THIMBLE_SHORT) return false;
    if (!scale_find(&p, a->a_zero_point, a->a_multiplier, a->a_shift)) return false;
    if (!scale_find(&q, a->b_zero_point, a->b_multiplier, a->b_shift)) return false;
    if (a->sign != 1 && a->sign != -1) return false;
    const int32_t x_stride = a->a_stride[3], y_stride = a->b_stride[3], sign = a->sign;
    const uint32_t factor = (uint32_t)channel.multiplier << 1;
    const int32_t addend = channel.addend, e = -channel.shift, low = layer.low, high = layer.high;
    for (int8_t *const end = output + a->size[3]; output < end; output++, x += x_stride, y += y_stride) {
        const int32_t sum = rescale_short(*x, &p) + sign * rescale_short(*y, &q);
        *output           = (int8_t)thimble_short(sum, factor, addend, e, low, high, is_relu);
    }
    return true;
}

static void row_write(const void *block, const int8_t *x, const int8_t *y, int8_t *output) {
    if (!row_add_short(block, x, y, output)) row_add(block, x, y, output);
}

int thimble_add_s8(const thimble_memory *memory, const void *block) {
    const arguments *a = block;
    if (!thimble_shift_valid(a->a_shift) || !thimble_shift_valid(a->b_shift)) return -1;
    if (!thimble_shift_valid(a->output_shift)) return -1;
    return thimble_elementwise_run(memory, a, 1, row_write);
}
