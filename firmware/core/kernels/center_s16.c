#include "native.h"
#include "samples.h"

typedef thimble_center_s16_arguments arguments;

/* Sums of more samples would not fit 32 bits. */
#define MOST_SAMPLES 8192

/* The greatest exponent with which distances from the mean, `length` times as large, stay within 16 bits. */
static int32_t exponent(int32_t most, int32_t length) {
    if (most == 0) return 0;
    int32_t bits = -2;
    while ((int64_t)most << (bits + 3) <= (int64_t)length * 131068) bits++;
    return bits;
}

int thimble_center_s16(const thimble_memory *memory, const void *block) {
    const arguments *a   = block;
    const int32_t length = a->length;
    if (length < 1 || length > MOST_SAMPLES || a->stride < 2 || a->stride % 2 != 0) return -1;
    const thimble_span output = thimble_row(a->output, length, 2), bits = thimble_row(a->bits, 1, 4);
    if (a->input % 2 != 0) return -1;
    const thimble_span input = {a->input, thimble_extent(2, &a->length, &a->stride, 1)};
    if (!thimble_apart(output, input, memory) || !thimble_apart(bits, input, memory)) return -1;
    if (!thimble_apart(bits, output, memory)) return -1;
    const uint8_t *from   = thimble_at(memory, a->input);
    const uint32_t stride = (uint32_t)a->stride;
    int32_t sum = 0, least = INT16_MAX, greatest = INT16_MIN;
    for (uint32_t at = 0; at < input.bytes; at += stride) {
        const int32_t x = thimble_sample(from + at);
        sum += x;
        if (x < least) least = x;
        if (x > greatest) greatest = x;
    }
    const int32_t above = length * greatest - sum, below = sum - length * least;
    const int32_t scale = exponent(above > below ? above : below, length);
    thimble_word_put(memory->written + a->bits, (uint32_t)scale);
    const int32_t up  = scale > 0 ? 1 << scale : 1;
    const uint32_t by = (uint32_t)length << (scale < 0 ? -scale : 0);
    /* A multiple of the divisor keeps what it divides from being negative. */
    const int32_t addend = (int32_t)((by << 15) + (by >> 1));
    uint8_t *to          = memory->written + a->output;
    for (uint32_t at = 0; at < input.bytes; at += stride, to += 2) {
        const int32_t scaled = (thimble_sample(from + at) * length - sum) * up;
        thimble_sample_put(to, (int32_t)((uint32_t)(scaled + addend) / by) - 32768);
    }
    return 0;
}
