/*
 * From an int32 sum to the byte that is stored: what convolutions, dense layers, products and means share.
 *
 * It is thimble_requantize, the zero point and the clamp, in fewer instructions where the numbers are usual.
 * With e = -shift, requantising makes high = floor((sum * multiplier + 2^30) / 2^31), and of that
 * floor((high + 2^(e-1) - (high < 0)) / 2^e), which is to round halves away from zero.
 *
 * - With twice the multiplier, high is the high word of the product plus the first bit of the low one.
 * - The zero point z is added as z * 2^e before the shift. Nothing overflows where |sum| < 2^30, as then
 *   |high| <= 2^30, and |z * 2^e| + 2^(e-1) < 2^30 up to e = 22.
 * - Multipliers are not negative, so high < 0 takes a sum < 0. The other way round high may be 0, but from
 *   e = 1 on 0 + 2^(e-1) - 1 makes 0 all the same.
 * - After a RELU whose least value is the zero point, every sum below zero makes just that; so e may be 0.
 */
#ifndef THIMBLE_KERNELS_OUTPUT_H
#define THIMBLE_KERNELS_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "check.h"
#include "fixed.h"

enum thimble_way { THIMBLE_LONG, THIMBLE_SHORT, THIMBLE_SHORT_RELU };

/* A layer's zero point and clamp, and the tables of its channels; where step is 0, they have one factor. */
typedef struct thimble_layer {
    const uint8_t *bias, *multiplier;
    const int8_t *shift;
    int32_t step, terms; /* products in a sum */
    int32_t zero_point, low, high;
    enum thimble_way way; /* the shortest that any of its channels may take */
} thimble_layer;

/* How one channel's sums become bytes. */
typedef struct thimble_channel {
    uint32_t bias;
    int32_t multiplier, shift;
    int32_t addend; /* (2 z + 1) * 2^(e-1), or z where e is 0 */
    enum thimble_way way;
} thimble_channel;

/* Sets `way` from the rest. */
static inline void thimble_layer_prepare(thimble_layer *layer) {
    const bool is_short = layer->low <= layer->high && layer->zero_point >= INT8_MIN &&
                          layer->zero_point <= INT8_MAX && layer->terms <= 1 << 14;
    const enum thimble_way way = layer->low == layer->zero_point ? THIMBLE_SHORT_RELU : THIMBLE_SHORT;
    layer->way                 = is_short ? way : THIMBLE_LONG;
}

/* Any sum and factor: seldom called. */
int32_t thimble_long(const thimble_layer *layer, int32_t sum, int32_t multiplier, int32_t shift);

/* A channel whose bias is below 2^29 in size, and its sums without it. */
static inline thimble_channel thimble_channel_of(const thimble_layer *layer, int32_t multiplier,
                                                 int32_t shift) {
    thimble_channel channel = {0, multiplier, shift, layer->zero_point, THIMBLE_LONG};
    if (layer->way == THIMBLE_LONG || multiplier < 0) return channel;
    if (shift < 0 && shift >= -22) {
        channel.way    = layer->way;
        channel.addend = (2 * layer->zero_point + 1) * (1 << (-shift - 1));
    } else if (shift == 0 && layer->way == THIMBLE_SHORT_RELU) {
        channel.way = THIMBLE_SHORT_RELU;
    }
    return channel;
}

/* Another channel of the same factor. */
static inline void thimble_channel_set_bias(thimble_channel *channel, const thimble_layer *layer,
                                            int32_t index) {
    channel->bias = (uint32_t)thimble_load(layer->bias, index);
    if (channel->bias + (1u << 29) >= 1u << 30) channel->way = THIMBLE_LONG;
}

static inline thimble_channel thimble_layer_channel(const thimble_layer *layer, int32_t index) {
    const int32_t factor = index * layer->step;
    thimble_channel channel =
        thimble_channel_of(layer, thimble_load(layer->multiplier, factor), layer->shift[factor]);
    thimble_channel_set_bias(&channel, layer, index);
    return channel;
}

/* By a short way, with what a loop keeps in registers; `factor` is twice the multiplier. */
static inline int32_t thimble_short(int32_t sum, uint32_t factor, int32_t addend, int32_t e, int32_t low,
                                    int32_t high, bool is_relu) {
    if (sum < 0 && is_relu) return low;
    const int64_t product = (int64_t)sum * factor;
    int32_t value         = (int32_t)(product >> 32) + (int32_t)((uint32_t)product >> 31) + addend;
    if (sum < 0) value--;
    value >>= e;
    if (value > high) value = high;
    /* From the zero point on, what is not below zero is no less than low. */
    if (!is_relu && value < low) value = low;
    return value;
}

/* The byte is the lowest of the result. */
static inline int32_t thimble_channel_value(const thimble_layer *layer, const thimble_channel *channel,
                                            uint32_t sum) {
    if (channel->way == THIMBLE_LONG)
        return thimble_long(layer, (int32_t)sum, channel->multiplier, channel->shift);
    return thimble_short((int32_t)sum, (uint32_t)channel->multiplier << 1, channel->addend, -channel->shift,
                         layer->low, layer->high, channel->way == THIMBLE_SHORT_RELU);
}

/* One channel at four pixels. */
static inline void thimble_pixels_write(const thimble_layer *layer, const thimble_channel *channel,
                                        const uint32_t *sums, int8_t *to, int32_t stride) {
    int8_t *const to1 = to + stride, *const to2 = to1 + stride, *const to3 = to2 + stride;
    const int32_t s0 = (int32_t)sums[0], s1 = (int32_t)sums[1];
    const int32_t s2 = (int32_t)sums[2], s3 = (int32_t)sums[3];
    const uint32_t factor = (uint32_t)channel->multiplier << 1;
    const int32_t addend = channel->addend, e = -channel->shift, low = layer->low, high = layer->high;
    if (channel->way == THIMBLE_SHORT_RELU) {
        *to  = (int8_t)thimble_short(s0, factor, addend, e, low, high, true);
        *to1 = (int8_t)thimble_short(s1, factor, addend, e, low, high, true);
        *to2 = (int8_t)thimble_short(s2, factor, addend, e, low, high, true);
        *to3 = (int8_t)thimble_short(s3, factor, addend, e, low, high, true);
    } else if (channel->way == THIMBLE_SHORT) {
        *to  = (int8_t)thimble_short(s0, factor, addend, e, low, high, false);
        *to1 = (int8_t)thimble_short(s1, factor, addend, e, low, high, false);
        *to2 = (int8_t)thimble_short(s2, factor, addend, e, low, high, false);
        *to3 = (int8_t)thimble_short(s3, factor, addend, e, low, high, false);
    } else {
        for (int i = 0; i < 4; i++, to += stride)
            *to = (int8_t)thimble_channel_value(layer, channel, sums[i]);
    }
}

#endif
