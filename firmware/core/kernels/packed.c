#include "order.h"

#include "packed.h"

/*
 * Terms whose sums fit 16 bits: of a value and a code, which is at most 15, or of a value and a weight, at
 * most 8 in size: sixteen are within 2^15 of zero, 32 between -32 * 127 * 8 and 32 * 128 * 8. Weights take
 * an instruction more, which pays where one serves four pixels.
 */
enum { CODE_ZERO = 8, CODE_CHUNK = 16, WEIGHT_CHUNK = 32, LANE_ZERO = 0x7fff };

/* Two lanes begin at it, so that neither is ever below zero, nor too large for 16 bits. */
#define ZEROS      0x7fff7fffu
#define CODES      0x000f000fu
#define CODE_ZEROS 0x00080008u

#if defined(__GNUC__)
/* Inlined, sums would be kept apart on the stack. */
#define APART __attribute__((noinline))
#else
#define APART
#endif

/* Codes of a term: lanes of one half of a block, channels 2 j + half for j of 0 to 7. */
static inline uint32_t codes_at(const uint8_t *weights, int32_t word) {
    return (uint32_t)thimble_load(weights, word);
}

/* Two lanes to sums `step` apart. */
static inline void empty(uint32_t *sums, int32_t step, uint32_t lanes) {
    sums[0] += lanes & 0xffff;
    sums[step] += lanes >> 16;
}

/* Half a block at four pixels, up to WEIGHT_CHUNK terms: adds to sums[4 * j + pixel], and LANE_ZERO too. */
static APART void wide_sums(uint32_t *sums, const uint8_t *weights, const int8_t *pixel, int32_t stride,
                            int32_t terms) {
    const int8_t *p0 = pixel, *p1 = p0 + stride, *p2 = p1 + stride, *p3 = p2 + stride;
    uint32_t s00 = ZEROS, s01 = ZEROS, s02 = ZEROS, s03 = ZEROS;
    uint32_t s10 = ZEROS, s11 = ZEROS, s12 = ZEROS, s13 = ZEROS;
    uint32_t s20 = ZEROS, s21 = ZEROS, s22 = ZEROS, s23 = ZEROS;
    uint32_t s30 = ZEROS, s31 = ZEROS, s32 = ZEROS, s33 = ZEROS;
#define STEP(k)                                                                                              \
    do {                                                                                                     \
        const uint32_t codes = codes_at(weights, 2 * (k));                                                   \
        const uint32_t x0 = (uint32_t)p0[k], x1 = (uint32_t)p1[k];                                           \
        const uint32_t x2 = (uint32_t)p2[k], x3 = (uint32_t)p3[k];                                           \
        uint32_t v = (codes & CODES) - CODE_ZEROS;                                                           \
        s00 += v * x0, s01 += v * x1, s02 += v * x2, s03 += v * x3;                                          \
        v = (codes >> 4 & CODES) - CODE_ZEROS;                                                               \
        s10 += v * x0, s11 += v * x1, s12 += v * x2, s13 += v * x3;                                          \
        v = (codes >> 8 & CODES) - CODE_ZEROS;                                                               \
        s20 += v * x0, s21 += v * x1, s22 += v * x2, s23 += v * x3;                                          \
        v = (codes >> 12 & CODES) - CODE_ZEROS;                                                              \
        s30 += v * x0, s31 += v * x1, s32 += v * x2, s33 += v * x3;                                          \
    } while (0)
    const int8_t *const stop = p0 + terms;
    for (; stop - p0 >= 4; weights += 32, p0 += 4, p1 += 4, p2 += 4, p3 += 4) {
        STEP(0);
        STEP(1);
        STEP(2);
        STEP(3);
    }
    for (; p0 < stop; weights += 8, p0++, p1++, p2++, p3++) STEP(0);
#undef STEP
    empty(sums, 4, s00), empty(sums + 1, 4, s01), empty(sums + 2, 4, s02), empty(sums + 3, 4, s03);
    empty(sums + 8, 4, s10), empty(sums + 9, 4, s11), empty(sums + 10, 4, s12), empty(sums + 11, 4, s13);
    empty(sums + 16, 4, s20), empty(sums + 17, 4, s21), empty(sums + 18, 4, s22), empty(sums + 19, 4, s23);
    empty(sums + 24, 4, s30), empty(sums + 25, 4, s31), empty(sums + 26, 4, s32), empty(sums + 27, 4, s33);
}

/* A block at one pixel, up to CODE_CHUNK terms: adds to sums[channel], too much as `excess` says. */
static APART void one_sums(uint32_t *sums, const uint8_t *weights, const int8_t *pixel, int32_t terms) {
    uint32_t s0 = ZEROS, s1 = ZEROS, s2 = ZEROS, s3 = ZEROS;
    uint32_t s4 = ZEROS, s5 = ZEROS, s6 = ZEROS, s7 = ZEROS;
    for (const int8_t *const stop = pixel + terms; pixel < stop; weights += 8) {
        const uint32_t a = codes_at(weights, 0), b = codes_at(weights, 1), x = (uint32_t)*pixel++;
        s0 += (a & CODES) * x, s1 += (a >> 4 & CODES) * x;
        s2 += (a >> 8 & CODES) * x, s3 += (a >> 12 & CODES) * x;
        s4 += (b & CODES) * x, s5 += (b >> 4 & CODES) * x;
        s6 += (b >> 8 & CODES) * x, s7 += (b >> 12 & CODES) * x;
    }
    empty(sums, 2, s0), empty(sums + 4, 2, s1), empty(sums + 8, 2, s2), empty(sums + 12, 2, s3);
    empty(sums + 1, 2, s4), empty(sums + 5, 2, s5), empty(sums + 9, 2, s6), empty(sums + 13, 2, s7);
}

/* By how much all sums at a pixel are too large: lanes began above zero, and codes are not the weights. */
static uint32_t excess(const int8_t *pixel, int32_t terms) {
    uint32_t sum = (uint32_t)((terms + CODE_CHUNK - 1) / CODE_CHUNK * LANE_ZERO);
    for (const int8_t *const end = pixel + terms; pixel < end; pixel++) sum += (uint32_t)(*pixel * CODE_ZERO);
    return sum;
}

/* Every other channel from `first` on, up to eight, at `count` pixels, a multiple of four. */
static void half_write(const thimble_layer *layer, int32_t first, int32_t end, const uint8_t *weights,
                       const thimble_pixels *pixels, int32_t count) {
    thimble_channel channels[THIMBLE_PACKED / 2];
    uint32_t sums[THIMBLE_PACKED / 2 * THIMBLE_BLOCK] = {0};
    const uint32_t zeros = (uint32_t)((layer->terms + WEIGHT_CHUNK - 1) / WEIGHT_CHUNK * LANE_ZERO);
    int32_t width        = 0;
    for (int32_t i = first; i < end && width < THIMBLE_PACKED / 2; i += 2)
        channels[width++] = thimble_layer_channel(layer, i);
    const int8_t *input = pixels->input;
    int8_t *output      = pixels->output + first;
    for (; count > 0; count -= THIMBLE_BLOCK) {
        uint32_t *sum = sums;
        for (int32_t i = 0; i < width; i++, sum += THIMBLE_BLOCK)
            sum[0] = sum[1] = sum[2] = sum[3] = channels[i].bias - zeros;
        for (int32_t term = 0; term < layer->terms; term += WEIGHT_CHUNK) {
            const int32_t left = layer->terms - term;
            wide_sums(sums, weights + 8 * term, input + term, pixels->input_stride,
                      left < WEIGHT_CHUNK ? left : WEIGHT_CHUNK);
        }
        sum = sums;
        THIMBLE_NO_UNROLL
        for (int32_t i = 0; i < width; i++, sum += THIMBLE_BLOCK)
            thimble_pixels_write(layer, &channels[i], sum, output + 2 * i, pixels->output_stride);
        input += THIMBLE_BLOCK * pixels->input_stride;
        output += THIMBLE_BLOCK * pixels->output_stride;
    }
}

/* All channels at one pixel. */
static void one_pixel(const thimble_layer *layer, int32_t count, const uint8_t *weights, const int8_t *input,
                      int8_t *output) {
    const uint32_t off = excess(input, layer->terms);
    for (int32_t first = 0; first < count; first += THIMBLE_PACKED, weights += 8 * layer->terms) {
        uint32_t sums[THIMBLE_PACKED] = {0};
        for (int32_t term = 0; term < layer->terms; term += CODE_CHUNK) {
            const int32_t left = layer->terms - term;
            one_sums(sums, weights + 8 * term, input + term, left < CODE_CHUNK ? left : CODE_CHUNK);
        }
        for (int32_t i = 0; i < THIMBLE_PACKED && first + i < count; i++) {
            const thimble_channel channel = thimble_layer_channel(layer, first + i);
            output[first + i] = (int8_t)thimble_channel_value(layer, &channel, channel.bias + sums[i] - off);
        }
    }
}

void thimble_packed_run(const thimble_layer *layer, int32_t first, int32_t end, const int8_t *weights,
                        const thimble_pixels *pixels) {
    const uint8_t *codes = (const uint8_t *)weights;
    const int32_t whole  = pixels->count & -THIMBLE_BLOCK;
    const uint8_t *block = codes;
    for (int32_t i = first; whole > 0 && i < end; i += THIMBLE_PACKED, block += 8 * layer->terms) {
        const int32_t stop = end - i < THIMBLE_PACKED ? end : i + THIMBLE_PACKED;
        half_write(layer, i, stop, block, pixels, whole);
        if (i + 1 < stop) half_write(layer, i + 1, stop, block + 4, pixels, whole);
    }
    const int8_t *input = pixels->input + whole * pixels->input_stride;
    int8_t *output      = pixels->output + whole * pixels->output_stride + first;
    for (int32_t i = whole; i < pixels->count; i++) {
        one_pixel(layer, end - first, codes, input, output);
        input += pixels->input_stride;
        output += pixels->output_stride;
    }
}
