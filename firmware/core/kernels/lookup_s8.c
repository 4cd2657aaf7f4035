#include "check.h"
#include "native.h"

struct arguments {
    int32_t input, output, table, length;
};

/* Buffers may overlap: byte by byte, in order, the result is the twin's. */
int thimble_lookup_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes) {
    const struct arguments *a = (const struct arguments *)arguments;
    const uint32_t bytes = thimble_volume(a->length, 1, 1, 1);
    const thimble_span spans[] = {{a->output, bytes}, {a->input, bytes}, {a->table, 256}};
    if (!thimble_inside(spans, 3, memory_bytes)) return -1;
    const uint8_t *input = memory + a->input, *table = memory + a->table;
    uint8_t *output = memory + a->output;
    for (int32_t i = 0; i < a->length; i++) output[i] = table[input[i]];
    return 0;
}
