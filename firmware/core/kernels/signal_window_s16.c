#include "native.h"
#include "samples.h"

typedef thimble_signal_window_s16_arguments arguments;

static int32_t saturate(int32_t x) { return x < INT16_MIN ? INT16_MIN : x > INT16_MAX ? INT16_MAX : x; }

static void row_write(const uint8_t *input, const uint8_t *window, uint8_t *output, const arguments *a) {
    const int32_t shift = a->shift;
    /* Whole fours do not saturate where the block says that they need not. */
    const uint32_t plain = a->saturates ? 0 : (uint32_t)a->length / 4 * 8;
    for (uint32_t i = 0; i < plain; i += 2)
        thimble_sample_put(output + i, thimble_sample(input + i) * thimble_sample(window + i) >> shift);
    for (uint32_t i = plain; i < 2 * (uint32_t)a->length; i += 2)
        thimble_sample_put(output + i,
                           saturate(thimble_sample(input + i) * thimble_sample(window + i) >> shift));
}

int thimble_signal_window_s16(const thimble_memory *memory, const void *block) {
    const arguments *a        = block;
    const uint32_t bytes      = thimble_volume(a->rows, a->length, 2, 1);
    const thimble_span window = thimble_row(a->window, a->length, 2);
    const thimble_span output = {a->output, bytes}, input = {a->input, bytes};
    if (a->output % 2 != 0 || a->input % 2 != 0 || a->shift < 0 || a->shift > 31) return -1;
    if (!thimble_constant(window, memory) || !thimble_beside(output, input, memory)) return -1;
    const uint8_t *from = thimble_at(memory, a->input);
    uint8_t *to         = memory->written + a->output;
    for (int32_t row = 0; row < a->rows; row++, from += 2 * a->length, to += 2 * a->length)
        row_write(from, thimble_at(memory, a->window), to, a);
    return 0;
}
