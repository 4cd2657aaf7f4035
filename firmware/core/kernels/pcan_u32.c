#include "fixed.h"
#include "native.h"
#include "samples.h"

typedef thimble_pcan_u32_arguments arguments;

enum { TABLE_LENGTH = 125 };

static uint32_t bit_length(uint32_t x) {
#if defined(__GNUC__)
    return x == 0 ? 0 : 32 - (uint32_t)__builtin_clz(x);
#else
    uint32_t bits = 0;
    while (bits < 32 && x >> bits != 0) bits++;
    return bits;
#endif
}

/* A function of x that is a parabola for each bit length. */
static int32_t gain_of(uint32_t x, const uint8_t *table) {
    if (x <= 2) return thimble_sample(table + 2 * x);
    const uint32_t interval = bit_length(x);
    const uint8_t *part     = table + 8 * interval - 12;
    const int32_t fraction = (int32_t)((interval < 11 ? x << (11 - interval) : x >> (interval - 11)) & 0x3ff);
    const int32_t slope    = (thimble_sample(part + 4) * fraction >> 5) + thimble_sample(part + 2) * 32;
    const int32_t bent     = thimble_wrapping_add(thimble_wrapping_multiply(slope, fraction), 1 << 14) >> 15;
    return (int16_t)(uint16_t)(uint32_t)(bent + thimble_sample(part));
}

int thimble_pcan_u32(const thimble_memory *memory, const void *block) {
    const arguments *a        = block;
    const thimble_span output = thimble_row(a->output, a->length, 4),
                       input  = thimble_row(a->input, a->length, 4);
    const thimble_span noise  = thimble_row(a->noise, a->length, 4),
                       table  = thimble_row(a->table, TABLE_LENGTH, 2);
    if (!thimble_beside(output, input, memory) || !thimble_apart(output, noise, memory)) return -1;
    if (!thimble_constant(table, memory) || a->snr_shift < 0 || a->snr_shift > 63) return -1;
    const uint8_t *from = thimble_at(memory, a->input), *noises = thimble_at(memory, a->noise);
    uint8_t *to = memory->written + a->output;
    for (uint32_t i = 0; i < input.bytes; i += 4) {
        const uint32_t gain    = (uint32_t)gain_of(thimble_word(noises + i), thimble_at(memory, a->table));
        const uint64_t product = (uint64_t)thimble_word(from + i) * gain;
        const uint32_t x       = (uint32_t)(product >> a->snr_shift);
        thimble_word_put(to + i, x < 8192 ? x * x >> 20 : (x >> 6) - 64);
    }
    return 0;
}
