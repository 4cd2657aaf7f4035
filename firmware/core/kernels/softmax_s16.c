#include "fixed.h"
#include "native.h"
#include "wide.h"

typedef thimble_softmax_s16_arguments arguments;

enum { ENTRIES = 513 };

static int32_t look_up(const uint8_t *table, int32_t x) {
    const uint8_t *entry = table + 2 * (256 + (x >> 7));
    const int32_t below  = thimble_load_s16(entry);
    const int32_t slope  = thimble_load_s16(entry + 2) - below;
    return below + ((slope * (x & 0x7f) + 64) >> 7);
}

/* What brings a row's exponentials to shares of their sum: a factor, and a shift to the right. */
struct share {
    int32_t factor, right;
};

static int32_t leading_zeros(uint32_t x) {
    int32_t zeros = 0;
    for (; zeros < 32 && x >> 31 == 0; zeros++) x <<= 1;
    return zeros;
}

/* Shifts wrap as in the twin: with other tables than a model has a sum may be anything. */
static struct share share_of(const uint8_t *reciprocal, int32_t sum) {
    const int32_t headroom = leading_zeros((uint32_t)sum);
    const uint64_t shifted = (uint64_t)(int64_t)sum << ((uint32_t)(headroom - 1) & 63);
    const int32_t leading  = (int32_t)((int64_t)(shifted + (1 << 13)) >> 14);
    const int32_t fraction = thimble_wrapping_subtract(leading, (1 << 15) + (1 << 16));
    const int32_t factor   = look_up(reciprocal, thimble_clamp(fraction, INT16_MIN, INT16_MAX));
    return (struct share){factor, 31 - headroom};
}

static int32_t row_max(const arguments *a, const uint8_t *input) {
    int32_t greatest = INT16_MIN;
    for (int32_t i = 0; i < a->depth; i++) {
        const int32_t value = thimble_load_s16(input + 2 * i);
        if (value > greatest) greatest = value;
    }
    return greatest;
}

static void row_write(const arguments *a, const thimble_memory *memory, const uint8_t *input,
                      uint8_t *output) {
    const int32_t greatest = row_max(a, input);
    const uint8_t *exp     = thimble_at(memory, a->exp);
    int32_t sum            = 0;
    for (int32_t i = 0; i < a->depth; i++) {
        const int32_t difference = thimble_load_s16(input + 2 * i) - greatest;
        const int32_t scaled     = thimble_requantize(difference, a->multiplier, a->shift);
        const int32_t index      = thimble_wrapping_add(scaled, INT16_MAX);
        const int32_t value      = look_up(exp, thimble_clamp(index, INT16_MIN, INT16_MAX));
        thimble_store_s16(output + 2 * i, value);
        sum = thimble_wrapping_add(sum, value);
    }
    const struct share share = share_of(thimble_at(memory, a->reciprocal), sum);
    const int32_t half       = thimble_wrapping_shift(1, (share.right - 1) & 31);
    for (int32_t i = 0; i < a->depth; i++) {
        const int32_t product = thimble_load_s16(output + 2 * i) * share.factor;
        const int32_t value   = thimble_wrapping_add(product, half) >> (share.right & 31);
        thimble_store_s16(output + 2 * i, thimble_clamp(value, 0, INT16_MAX));
    }
}

int thimble_softmax_s16(const thimble_memory *memory, const void *block) {
    const arguments *a        = block;
    const uint32_t bytes      = thimble_volume(a->rows, a->depth, 2, 1);
    const thimble_span output = {a->output, bytes}, input = {a->input, bytes};
    const thimble_span tables[] = {{a->exp, 2 * ENTRIES}, {a->reciprocal, 2 * ENTRIES}};
    if (!thimble_writable(output, memory) || !thimble_readable(input, memory)) return -1;
    if (!thimble_constants(tables, 2, memory) || !thimble_shift_valid(a->shift)) return -1;
    if (!thimble_even(thimble_at(memory, a->exp)) || !thimble_even(thimble_at(memory, a->reciprocal)))
        return -1;
    const uint8_t *from = thimble_at(memory, a->input);
    uint8_t *to         = memory->written + a->output;
    if (!thimble_even(from) || !thimble_even(to)) return -1;
    for (int32_t row = 0; row < a->rows; row++) {
        row_write(a, memory, from, to);
        from += 2 * a->depth;
        to += 2 * a->depth;
    }
    return 0;
}
