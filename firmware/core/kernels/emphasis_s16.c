#include "native.h"
#include "samples.h"

typedef thimble_emphasis_s16_arguments arguments;

int thimble_emphasis_s16(const thimble_memory *memory, const void *block) {
    const arguments *a = block;
    if (a->share < 0 || a->length < 1 || a->length == INT32_MAX) return -1;
    const thimble_span output = thimble_row(a->output, a->length, 2);
    const thimble_span input  = thimble_row(a->input, a->length + 1, 2);
    if (!thimble_apart(output, input, memory)) return -1;
    const uint8_t *from = thimble_at(memory, a->input);
    uint8_t *to         = memory->written + a->output;
    int32_t before      = thimble_sample(from);
    for (uint32_t i = 0; i < output.bytes; i += 2) {
        const int32_t x = thimble_sample(from + i + 2);
        /* 2^31 more than the sum, which has no sign then, and 2^15 more than its upper half. */
        const uint32_t sum = (uint32_t)(x * 32768 - before * a->share) + 32768u + 0x80000000u;
        thimble_sample_put(to + i, (int32_t)(sum >> 16) - 32768);
        before = x;
    }
    return 0;
}
