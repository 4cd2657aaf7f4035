#include "fixed.h"
#include "native.h"
#include "samples.h"

typedef thimble_scale_integers_arguments arguments;

static int32_t read(const uint8_t *at, int32_t bytes) {
    switch (bytes) {
    case -1: return *at;
    case 1: return (int8_t)*at;
    case -2: return (uint16_t)(uint32_t)thimble_sample(at);
    case 2: return thimble_sample(at);
    default: return (int32_t)thimble_word(at);
    }
}

static void write(uint8_t *at, int32_t bytes, int32_t value) {
    if (bytes == 1)
        *at = (uint8_t)(uint32_t)value;
    else if (bytes == 2)
        thimble_sample_put(at, value);
    else
        thimble_word_put(at, (uint32_t)value);
}

static int32_t scale(const arguments *a, int32_t x) {
    const int32_t product = thimble_wrapping_add(thimble_wrapping_multiply(x, a->factor), a->addend);
    const int32_t y       = thimble_wrapping_add(product / a->divisor, a->offset);
    const int32_t least   = y < a->max ? y : a->max;
    return least > a->min ? least : a->min;
}

int thimble_scale_integers(const thimble_memory *memory, const void *block) {
    const arguments *a = block;
    const int32_t from = a->input_bytes < 0 ? -a->input_bytes : a->input_bytes, to = a->output_bytes;
    const bool is_width = (from == 1 || from == 2 || from == 4) && (to == 1 || to == 2 || to == 4);
    if (!is_width || a->divisor == 0 || a->divisor == -1) return -1;
    const thimble_span output = thimble_row(a->output, a->length, to),
                       input  = thimble_row(a->input, a->length, from);
    /* A narrower result may follow what is read in the same place. */
    const bool is_in_place = a->output == a->input && to <= from;
    if (is_in_place ? !thimble_writable(input, memory) : !thimble_apart(output, input, memory)) return -1;
    if (output.bytes == THIMBLE_NO_FIT) return -1;
    const uint8_t *x = thimble_at(memory, a->input);
    uint8_t *y       = memory->written + a->output;
    for (int32_t i = 0; i < a->length; i++, x += from, y += to)
        write(y, to, scale(a, read(x, a->input_bytes)));
    return 0;
}
