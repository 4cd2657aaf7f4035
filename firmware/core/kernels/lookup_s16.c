#include "native.h"
#include "wide.h"

enum { ENTRIES = 513 };

int thimble_lookup_s16(const thimble_memory *memory, const void *block) {
    const thimble_lookup_s16_arguments *a = block;
    const thimble_unary unary             = {a->input, a->output, a->length, 2, 2};
    const thimble_span table              = {a->table, 2 * ENTRIES};
    thimble_values values;
    if (!thimble_unary_values(&unary, memory, &values) || !thimble_constant(table, memory)) return -1;
    const uint8_t *middle = thimble_at(memory, a->table) + (ENTRIES - 1);
    if (!thimble_even(middle)) return -1;
    for (int32_t i = 0; i < a->length; i++) {
        const int32_t x      = thimble_load_s16(values.from + 2 * i);
        const uint8_t *entry = middle + 2 * (x >> 7);
        const int32_t below  = thimble_load_s16(entry);
        const int32_t slope  = thimble_load_s16(entry + 2) - below;
        thimble_store_s16(values.to + 2 * i, below + ((slope * (x & 127) + 64) >> 7));
    }
    return 0;
}
