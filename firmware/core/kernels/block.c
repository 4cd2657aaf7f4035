#include "order.h"

#include "block.h"

/*
 * Sixteen sums, four values, a weight, a product and six pointers take every register that rv32 has for
 * them. Left to choose, the compiler keeps pointers in memory, which costs a tenth: so the sums' places are
 * given.
 */
#if defined(__riscv) && !defined(__riscv_32e) && defined(__GNUC__) && !defined(__clang__)
#define SUM(name, place, value) register uint32_t name __asm__(place) = (value)
#else
#define SUM(name, place, value) uint32_t name = (value)
#endif

/* One block at four pixels: sums[4 * channel + pixel]. */
static inline void wide_sums(uint32_t *sums, const thimble_channel *channels, const int8_t *w,
                             const int8_t *pixel, int32_t stride, int32_t terms) {
    const int8_t *p0 = pixel, *p1 = p0 + stride, *p2 = p1 + stride, *p3 = p2 + stride;
    SUM(s00, "s1", channels[0].bias);
    SUM(s01, "s2", s00);
    SUM(s02, "s3", s00);
    SUM(s03, "s4", s00);
    SUM(s10, "s5", channels[1].bias);
    SUM(s11, "s6", s10);
    SUM(s12, "s7", s10);
    SUM(s13, "s8", s10);
    SUM(s20, "s9", channels[2].bias);
    SUM(s21, "s10", s20);
    SUM(s22, "s11", s20);
    SUM(s23, "t2", s20);
    SUM(s30, "t3", channels[3].bias);
    SUM(s31, "t4", s30);
    SUM(s32, "t5", s30);
    SUM(s33, "t6", s30);
#define STEP(k)                                                                                              \
    do {                                                                                                     \
        const int32_t x0 = p0[k], x1 = p1[k], x2 = p2[k], x3 = p3[k];                                        \
        int32_t v = w[4 * (k)];                                                                              \
        s00 += THIMBLE_PRODUCT(v, x0), s01 += THIMBLE_PRODUCT(v, x1);                                        \
        s02 += THIMBLE_PRODUCT(v, x2), s03 += THIMBLE_PRODUCT(v, x3);                                        \
        v = w[4 * (k) + 1];                                                                                  \
        s10 += THIMBLE_PRODUCT(v, x0), s11 += THIMBLE_PRODUCT(v, x1);                                        \
        s12 += THIMBLE_PRODUCT(v, x2), s13 += THIMBLE_PRODUCT(v, x3);                                        \
        v = w[4 * (k) + 2];                                                                                  \
        s20 += THIMBLE_PRODUCT(v, x0), s21 += THIMBLE_PRODUCT(v, x1);                                        \
        s22 += THIMBLE_PRODUCT(v, x2), s23 += THIMBLE_PRODUCT(v, x3);                                        \
        v = w[4 * (k) + 3];                                                                                  \
        s30 += THIMBLE_PRODUCT(v, x0), s31 += THIMBLE_PRODUCT(v, x1);                                        \
        s32 += THIMBLE_PRODUCT(v, x2), s33 += THIMBLE_PRODUCT(v, x3);                                        \
    } while (0)
    for (const int8_t *const end = p0 + (terms & -8); p0 < end;) {
        STEP(0);
        STEP(1);
        STEP(2);
        STEP(3);
        STEP(4);
        STEP(5);
        STEP(6);
        STEP(7);
        w += 32, p0 += 8, p1 += 8, p2 += 8, p3 += 8;
    }
    for (int32_t left = terms & 7; left > 0; left--) {
        STEP(0);
        w += 4, p0++, p1++, p2++, p3++;
    }
#undef STEP
    sums[0] = s00, sums[1] = s01, sums[2] = s02, sums[3] = s03;
    sums[4] = s10, sums[5] = s11, sums[6] = s12, sums[7] = s13;
    sums[8] = s20, sums[9] = s21, sums[10] = s22, sums[11] = s23;
    sums[12] = s30, sums[13] = s31, sums[14] = s32, sums[15] = s33;
}

/* Two blocks at one pixel. */
static void two_sums(uint32_t sums[2 * THIMBLE_BLOCK], const int8_t *w, const int8_t *pixel, int32_t terms) {
    const int8_t *v = w + 4 * terms;
    uint32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
    uint32_t s4 = sums[4], s5 = sums[5], s6 = sums[6], s7 = sums[7];
#define STEP(k)                                                                                              \
    do {                                                                                                     \
        const int32_t x = pixel[k];                                                                          \
        s0 += THIMBLE_PRODUCT(x, w[4 * (k)]), s1 += THIMBLE_PRODUCT(x, w[4 * (k) + 1]);                      \
        s2 += THIMBLE_PRODUCT(x, w[4 * (k) + 2]), s3 += THIMBLE_PRODUCT(x, w[4 * (k) + 3]);                  \
        s4 += THIMBLE_PRODUCT(x, v[4 * (k)]), s5 += THIMBLE_PRODUCT(x, v[4 * (k) + 1]);                      \
        s6 += THIMBLE_PRODUCT(x, v[4 * (k) + 2]), s7 += THIMBLE_PRODUCT(x, v[4 * (k) + 3]);                  \
    } while (0)
    for (const int8_t *const end = pixel + (terms & -8); pixel < end;) {
        STEP(0);
        STEP(1);
        STEP(2);
        STEP(3);
        STEP(4);
        STEP(5);
        STEP(6);
        STEP(7);
        w += 32, v += 32, pixel += 8;
    }
    for (int32_t left = terms & 7; left > 0; left--) {
        STEP(0);
        w += 4, v += 4, pixel++;
    }
#undef STEP
    sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
    sums[4] = s4, sums[5] = s5, sums[6] = s6, sums[7] = s7;
}

/* One block at one pixel. */
static void one_sums(uint32_t sums[THIMBLE_BLOCK], const int8_t *w, const int8_t *pixel, int32_t terms) {
    uint32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
    for (const int8_t *const end = pixel + terms; pixel < end; w += 4) {
        const int32_t x = *pixel++;
        s0 += THIMBLE_PRODUCT(x, w[0]), s1 += THIMBLE_PRODUCT(x, w[1]);
        s2 += THIMBLE_PRODUCT(x, w[2]), s3 += THIMBLE_PRODUCT(x, w[3]);
    }
    sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

/* One channel of a block of `width` at one pixel. */
static uint32_t narrow_sum(uint32_t sum, const int8_t *w, int32_t width, const int8_t *pixel, int32_t terms) {
    for (const int8_t *const end = pixel + terms; pixel < end; w += width)
        sum += THIMBLE_PRODUCT(*pixel++, *w);
    return sum;
}

/* Adds to `sums`; returns with how many channels of `left` they are of. */
static int32_t pixel_sums(uint32_t sums[2 * THIMBLE_BLOCK], const int8_t *weights, int32_t left,
                          const int8_t *input, int32_t terms) {
    if (left >= 2 * THIMBLE_BLOCK) {
        two_sums(sums, weights, input, terms);
        return 2 * THIMBLE_BLOCK;
    }
    if (left >= THIMBLE_BLOCK) {
        one_sums(sums, weights, input, terms);
        return THIMBLE_BLOCK;
    }
    for (int32_t i = 0; i < left; i++) sums[i] = narrow_sum(sums[i], weights + i, left, input, terms);
    return left;
}

/* Channels `first` to `end` at one pixel; a dense layer has no more. */
static void pixel_write(const thimble_layer *layer, int32_t first, int32_t end, const int8_t *weights,
                        const int8_t *input, int8_t *output) {
    thimble_channel channel = thimble_layer_channel(layer, first);
    while (first < end) {
        const int32_t left               = end - first;
        uint32_t sums[2 * THIMBLE_BLOCK] = {0};
        const int32_t count              = pixel_sums(sums, weights, left, input, layer->terms);
        THIMBLE_NO_UNROLL
        for (int32_t i = 0; i < count; i++, first++) {
            if (layer->step != 0)
                channel = thimble_layer_channel(layer, first);
            else
                thimble_channel_set_bias(&channel, layer, first);
            output[first] = (int8_t)thimble_channel_value(layer, &channel, channel.bias + sums[i]);
        }
        weights += count * layer->terms;
    }
}

/* A whole block at `count` pixels, a multiple of four. */
static void block_write(const thimble_layer *layer, int32_t first, const int8_t *weights,
                        const thimble_pixels *pixels, int32_t count) {
    thimble_channel channels[THIMBLE_BLOCK];
    uint32_t sums[THIMBLE_BLOCK * THIMBLE_BLOCK];
    THIMBLE_NO_UNROLL
    for (int32_t i = 0; i < THIMBLE_BLOCK; i++) channels[i] = thimble_layer_channel(layer, first + i);
    const int8_t *input  = pixels->input;
    int8_t *output       = pixels->output + first;
    const int32_t stride = pixels->output_stride;
    for (; count > 0; count -= THIMBLE_BLOCK) {
        wide_sums(sums, channels, weights, input, pixels->input_stride, layer->terms);
        const uint32_t *sum = sums;
        THIMBLE_NO_UNROLL
        for (const thimble_channel *channel = channels; channel < channels + THIMBLE_BLOCK; channel++) {
            thimble_pixels_write(layer, channel, sum, output++, stride);
            sum += THIMBLE_BLOCK;
        }
        input += THIMBLE_BLOCK * pixels->input_stride;
        output += THIMBLE_BLOCK * (stride - 1);
    }
}

void thimble_block_run(const thimble_layer *layer, int32_t first, int32_t end, const int8_t *weights,
                       const thimble_pixels *pixels) {
    const int32_t whole = pixels->count & -THIMBLE_BLOCK;
    int32_t channel     = first;
    for (; whole > 0 && end - channel >= THIMBLE_BLOCK; channel += THIMBLE_BLOCK)
        block_write(layer, channel, weights + (channel - first) * layer->terms, pixels, whole);
    const int8_t *input = pixels->input;
    int8_t *output      = pixels->output;
    /* What is left: channels at the pixels of whole blocks, all channels at the others. */
    int32_t i = channel < end ? 0 : whole;
    input += i * pixels->input_stride, output += i * pixels->output_stride;
    for (; i < pixels->count; i++) {
        const int32_t from = i < whole ? channel : first;
        pixel_write(layer, from, end, weights + (from - first) * layer->terms, input, output);
        input += pixels->input_stride;
        output += pixels->output_stride;
    }
}
