#include "sigmoid.h"

/* Entries from the first to the one behind the last that is read. */
static int32_t entries(const thimble_sigmoid_s16_arguments *a, int32_t half, int bits) {
    const int32_t low  = thimble_magnitude(thimble_sigmoid_steps(a, half, INT16_MIN));
    const int32_t high = thimble_magnitude(thimble_sigmoid_steps(a, half, INT16_MAX));
    const int32_t last = (low > high ? low : high) >> bits;
    return (last < THIMBLE_SIGMOID_LAST ? last : THIMBLE_SIGMOID_LAST - 1) + 2;
}

bool thimble_sigmoid_begin(const thimble_sigmoid_s16_arguments *a, const thimble_memory *memory, int bits,
                           thimble_sigmoid *sigmoid) {
    const thimble_unary unary = {a->input, a->output, a->length, 2, 2};
    if (a->shift < 0 || a->shift > 31) return false;
    const int32_t half    = a->shift > 0 ? (int32_t)(1u << (a->shift - 1)) : 0;
    const int64_t largest = a->multiplier < 0 ? -(int64_t)a->multiplier : a->multiplier;
    if (half < 0 || (largest << 15) + half > INT32_MAX) return false;
    const thimble_span table = {a->table, 2 * (uint32_t)entries(a, half, bits)};
    if (!thimble_unary_values(&unary, memory, &sigmoid->values) || !thimble_constant(table, memory))
        return false;
    sigmoid->table = thimble_at(memory, a->table);
    sigmoid->half  = half;
    return thimble_even(sigmoid->table);
}
