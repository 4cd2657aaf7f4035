#include "native.h"
#include "samples.h"

typedef thimble_fft_auto_scale_s16_arguments arguments;

/* The greatest magnitude; that of -32768 becomes -32768, as in the reference kernel. */
static int32_t greatest(const uint8_t *input, uint32_t bytes) {
    int32_t most = 0;
    for (uint32_t i = 0; i < bytes; i += 2) {
        const int32_t value = thimble_sample(input + i);
        if (value > most)
            most = value;
        else if (-value > most)
            most = -value > INT16_MAX ? INT16_MIN : -value;
    }
    return most;
}

static uint32_t scale_bits(int32_t most) {
    uint32_t bits = 0;
    while (most > 0 && most << bits < 1 << 14) bits++;
    return bits;
}

int thimble_fft_auto_scale_s16(const thimble_memory *memory, const void *block) {
    const arguments *a        = block;
    const thimble_span output = thimble_row(a->output, a->length, 2);
    const thimble_span input  = thimble_row(a->input, a->length, 2);
    const thimble_span bits   = thimble_row(a->bits, 1, 4);
    if (!thimble_beside(output, input, memory)) return -1;
    if (!thimble_apart(bits, input, memory) || !thimble_apart(bits, output, memory)) return -1;
    const uint8_t *from  = thimble_at(memory, a->input);
    uint8_t *to          = memory->written + a->output;
    const uint32_t shift = scale_bits(greatest(from, input.bytes));
    thimble_word_put(memory->written + a->bits, shift);
    for (uint32_t i = 0; i < input.bytes; i += 2)
        thimble_sample_put(to + i, (int32_t)((uint32_t)thimble_sample(from + i) << shift));
    return 0;
}
