#include "native.h"
#include "samples.h"

typedef thimble_log_u32_arguments arguments;

enum { TABLE_LENGTH = 129, LOG_2 = 45426 };

static uint32_t highest_bit(uint32_t x) {
#if defined(__GNUC__)
    return 31 - (uint32_t)__builtin_clz(x);
#else
    uint32_t bit = 31;
    while (x >> bit == 0) bit--;
    return bit;
#endif
}

/* log(x) * scale for x > 1: between the table's points lie straight lines. */
static uint32_t scaled_log(uint32_t x, uint32_t scale, const uint8_t *table) {
    const uint32_t integer = highest_bit(x), fraction = (x << (31 - integer)) >> 15 & 0xffff;
    const uint8_t *point  = table + 2 * (fraction >> 9);
    const int32_t from    = thimble_sample(point);
    const int32_t between = (thimble_sample(point + 2) - from) * (int32_t)(fraction & 511) >> 16;
    const uint32_t log2   = (integer << 16) + fraction + (uint32_t)from + (uint32_t)between;
    /* As a number with a sign of 32 bits, which a wrong table may make negative. */
    const uint32_t natural = (uint32_t)(((int64_t)(int32_t)log2 * LOG_2 + (1 << 15)) >> 16);
    return (scale * natural + (1 << 15)) >> 16;
}

int thimble_log_u32(const thimble_memory *memory, const void *block) {
    const arguments *a        = block;
    const thimble_span output = thimble_row(a->output, a->length, 2),
                       input  = thimble_row(a->input, a->length, 4);
    if (!thimble_apart(output, input, memory)) return -1;
    if (!thimble_constant(thimble_row(a->table, TABLE_LENGTH, 2), memory)) return -1;
    if (a->input_correction_bits < 0 || a->input_correction_bits > 31) return -1;
    const uint8_t *from = thimble_at(memory, a->input), *table = thimble_at(memory, a->table);
    uint8_t *to = memory->written + a->output;
    for (int32_t i = 0; i < a->length; i++, from += 4, to += 2) {
        const uint32_t x     = thimble_word(from) << a->input_correction_bits;
        const uint32_t value = x > 1 ? scaled_log(x, (uint32_t)a->output_scale, table) : 0;
        thimble_sample_put(to, value < INT16_MAX ? (int32_t)value : INT16_MAX);
    }
    return 0;
}
