/*
 * Compares the short ways from a sum to a byte (core/kernels/output.h) with the long one, for
 * test/firmware/core/kernels.test.ts: all small sums, those at every rounding boundary and at the bounds of
 * what a short way takes, and random ones; for every shift. Prints how many, or fails at the first
 * difference.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../core/kernels/output.h"

enum { SMALL = 1024, BOUNDARIES = 300, RANDOM = 1000, MOST = (1 << 29) + (1 << 28) };

static unsigned long compared;

static void compare(const thimble_layer *layer, const thimble_channel *channel, int64_t sum) {
    if (sum < -MOST || sum > MOST) return;
    const int8_t expected = (int8_t)thimble_long(layer, (int32_t)sum, channel->multiplier, channel->shift);
    const int8_t found    = (int8_t)thimble_channel_value(layer, channel, (uint32_t)sum);
    compared++;
    if (found == expected) return;
    printf("sum %d, multiplier %d, shift %d, zero point %d, %d..%d: expected %d, found %d\n", (int)sum,
           channel->multiplier, channel->shift, layer->zero_point, layer->low, layer->high, expected, found);
    exit(EXIT_FAILURE);
}

/* Of a linear congruence: the same in every run. */
static int32_t random_sum(void) {
    static uint32_t state = 1;
    state                 = state * 1664525 + 1013904223;
    return (int32_t)(state >> 1) % MOST * (state & 1 ? 1 : -1) / (1 << (state >> 8 & 15));
}

static void channel_compare(const thimble_layer *layer, int32_t multiplier, int32_t shift) {
    const thimble_channel channel = thimble_channel_of(layer, multiplier, shift);
    if (channel.way == THIMBLE_LONG) return;
    for (int32_t sum = -SMALL; sum <= SMALL; sum++) compare(layer, &channel, sum);
    for (int32_t i = 0; i < 16; i++) {
        compare(layer, &channel, MOST - i);
        compare(layer, &channel, i - MOST);
    }
    /* Sums next to (i + 1/2) * 2^e at the output's scale, and to i and a half of the first rounding. */
    for (int64_t i = -BOUNDARIES; i <= BOUNDARIES && multiplier > 0; i++) {
        const int64_t second = (2 * i + 1) * ((int64_t)1 << (30 - shift)) / multiplier;
        const int64_t first  = (2 * i + 1) * ((int64_t)1 << 30) / multiplier;
        for (int64_t off = -2; off <= 2; off++) {
            compare(layer, &channel, second + off);
            compare(layer, &channel, first + off);
        }
    }
    for (int32_t i = 0; i < RANDOM; i++) compare(layer, &channel, random_sum());
}

int main(void) {
    static const int32_t multipliers[] = {
        0, 1, 3, 1 << 30, (1 << 30) + 1, 1431655765, 1518500250, INT32_MAX - 1, INT32_MAX};
    static const int32_t zero_points[] = {-128, -1, 0, 5, 127};
    for (unsigned z = 0; z < sizeof zero_points / sizeof zero_points[0]; z++) {
        const int32_t zero_point  = zero_points[z];
        const int32_t clamps[][2] = {{-128, 127}, {zero_point, 127}, {zero_point, zero_point}, {-20, 30}};
        for (unsigned c = 0; c < sizeof clamps / sizeof clamps[0]; c++) {
            thimble_layer layer = {.zero_point = zero_point, .low = clamps[c][0], .high = clamps[c][1]};
            thimble_layer_prepare(&layer);
            for (unsigned m = 0; m < sizeof multipliers / sizeof multipliers[0]; m++)
                for (int32_t shift = -31; shift <= 31; shift++)
                    channel_compare(&layer, multipliers[m], shift);
        }
    }
    printf("%lu\n", compared);
    return EXIT_SUCCESS;
}
