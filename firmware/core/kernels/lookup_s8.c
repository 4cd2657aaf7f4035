#include "check.h"
#include "native.h"

/* Buffers may overlap: byte by byte, in order, the result is the twin's. */
int thimble_lookup_s8(const thimble_memory *memory, const void *block) {
    const thimble_lookup_s8_arguments *a = block;
    const uint32_t bytes                 = thimble_volume(a->length, 1, 1, 1);
    const thimble_span output = {a->output, bytes}, input = {a->input, bytes}, table = {a->table, 256};
    if (!thimble_writable(output, memory) || !thimble_readable(input, memory)) return -1;
    if (!thimble_constant(table, memory)) return -1;
    const uint8_t *from = thimble_at(memory, a->input), *entries = thimble_at(memory, a->table);
    uint8_t *to = memory->written + a->output;
    for (int32_t i = 0; i < a->length; i++) to[i] = entries[from[i]];
    return 0;
}
