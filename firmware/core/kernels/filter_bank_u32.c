#include "native.h"
#include "samples.h"

typedef thimble_filter_bank_u32_arguments arguments;

/* Of two numbers of 16 bits each. */
enum { BAND_BYTES = 4, TERM_BYTES = 4 };

/* Bands and weights are constants: what holds for them here holds while they are read. */
static bool bands_valid(const arguments *a, const thimble_memory *memory, thimble_span output) {
    uint32_t terms       = 0;
    const uint8_t *bands = thimble_at(memory, a->bands);
    for (int32_t i = 0; i <= a->channels; i++, bands += BAND_BYTES) {
        const int32_t first = thimble_sample(bands), width = thimble_sample(bands + 2);
        if (width <= 0) continue;
        const thimble_span energies = thimble_row(a->input + 4 * (uint32_t)first, width, 4);
        if (first < 0 || a->input > INT32_MAX || !thimble_apart(output, energies, memory)) return false;
        terms += (uint32_t)width;
    }
    if (terms == 0) return true;
    return terms < 1 << 24 && thimble_constant(thimble_row(a->weights, 2 * (int32_t)terms, 2), memory);
}

int thimble_filter_bank_u32(const thimble_memory *memory, const void *block) {
    const arguments *a = block;
    if (a->channels < 1 || a->channels > INT16_MAX) return -1;
    const thimble_span output = thimble_row(a->output, 2 * a->channels, 4);
    if (!thimble_writable(output, memory)) return -1;
    if (!thimble_constant(thimble_row(a->bands, 2 * (a->channels + 1), 2), memory)) return -1;
    if (!bands_valid(a, memory, output)) return -1;
    const uint8_t *bands = thimble_at(memory, a->bands), *weight = thimble_at(memory, a->weights);
    uint8_t *to      = memory->written + a->output;
    uint64_t carried = 0;
    for (int32_t i = 0; i <= a->channels; i++, bands += BAND_BYTES) {
        const int32_t width = thimble_sample(bands + 2);
        const uint8_t *energy =
            width > 0 ? thimble_at(memory, a->input + 4 * (uint32_t)thimble_sample(bands)) : NULL;
        uint64_t sum = carried;
        carried      = 0;
        for (int32_t left = width; left > 0; left--, energy += 4, weight += TERM_BYTES) {
            const uint64_t value = thimble_word(energy);
            sum += value * (uint64_t)(int64_t)thimble_sample(weight);
            carried += value * (uint64_t)(int64_t)thimble_sample(weight + 2);
        }
        if (i == 0) continue;
        thimble_word_put(to, (uint32_t)sum);
        thimble_word_put(to + 4, (uint32_t)(sum >> 32));
        to += 8;
    }
    return 0;
}
