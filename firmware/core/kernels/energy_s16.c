#include "native.h"
#include "samples.h"

typedef thimble_energy_s16_arguments arguments;

int thimble_energy_s16(const thimble_memory *memory, const void *block) {
    const arguments *a        = block;
    const thimble_span output = thimble_row(a->output, a->length, 4),
                       input  = thimble_row(a->input, a->length, 4);
    if (!thimble_apart(output, input, memory)) return -1;
    if (a->start < 0 || a->start > a->end || a->end > a->length) return -1;
    const uint8_t *from  = thimble_at(memory, a->input);
    uint8_t *to          = memory->written + a->output;
    const uint32_t start = 4 * (uint32_t)a->start, end = 4 * (uint32_t)a->end;
    memset(to, 0, start);
    memset(to + end, 0, output.bytes - end);
    for (uint32_t i = start; i < end; i += 4) {
        const int32_t re = thimble_sample(from + i), im = thimble_sample(from + i + 2);
        thimble_word_put(to + i, (uint32_t)(re * re) + (uint32_t)(im * im));
    }
    return 0;
}
