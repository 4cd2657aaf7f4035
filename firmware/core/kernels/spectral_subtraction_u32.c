#include "native.h"
#include "samples.h"

typedef thimble_spectral_subtraction_u32_arguments arguments;

int thimble_spectral_subtraction_u32(const thimble_memory *memory, const void *block) {
    const arguments *a        = block;
    const thimble_span output = thimble_row(a->output, a->length, 4),
                       input  = thimble_row(a->input, a->length, 4);
    const thimble_span state  = thimble_row(a->state, a->length, 4),
                       noise  = thimble_row(a->noise, a->length, 4);
    if (!thimble_beside(output, input, memory)) return -1;
    if (!thimble_apart(state, input, memory) || !thimble_apart(state, output, memory)) return -1;
    if (!thimble_apart(noise, input, memory) || !thimble_apart(noise, output, memory)) return -1;
    if (!thimble_apart(noise, state, memory)) return -1;
    if (a->smoothing_bits < 0 || a->smoothing_bits > 31 || a->bits < 0 || a->bits > 63) return -1;
    const uint8_t *from = thimble_at(memory, a->input);
    uint8_t *base       = memory->written;
    for (uint32_t i = 0; i < input.bytes; i += 4) {
        const bool is_odd     = (i & 4) != 0;
        const uint32_t gain   = is_odd ? a->alternate_smoothing : a->smoothing;
        const uint32_t rest   = is_odd ? a->alternate_one_minus_smoothing : a->one_minus_smoothing;
        const uint32_t signal = thimble_word(from + i), scaled = signal << a->smoothing_bits;
        const uint64_t both = (uint64_t)scaled * gain + (uint64_t)thimble_word(base + a->state + i) * rest;
        const uint32_t mean = (uint32_t)(both >> a->bits);
        const uint32_t estimate = mean < scaled ? mean : scaled, kept = a->clamping ? estimate : mean;
        const uint32_t left  = (scaled - estimate) >> a->smoothing_bits;
        const uint32_t least = (uint32_t)((uint64_t)signal * a->min_signal_remaining >> a->bits);
        thimble_word_put(base + a->state + i, kept);
        thimble_word_put(base + a->noise + i, kept);
        thimble_word_put(base + a->output + i, left > least ? left : least);
    }
    return 0;
}
