#include "dense.h"
#include "native.h"

int thimble_fully_connected_s8(const thimble_memory *memory, const void *block) {
    const thimble_fully_connected_s8_arguments *a = block;
    const thimble_dense dense   = {a->input, a->output, a->weights, a->batches, a->depth, a->outputs};
    const thimble_span tables[] = {
        {a->weights, thimble_volume(a->outputs, a->depth, 1, 1)},
        {a->bias, thimble_volume(a->outputs, 4, 1, 1)},
    };
    if (!thimble_dense_valid(&dense, memory) || !thimble_constants(tables, 2, memory)) return -1;
    if (!thimble_load_valid(thimble_at(memory, a->bias)) || !thimble_shift_valid(a->shift)) return -1;
    thimble_layer layer = {
        .bias       = thimble_at(memory, a->bias),
        .multiplier = (const uint8_t *)&a->multiplier,
        .shift      = &a->shift,
        .step       = 0,
        .terms      = a->depth,
        .zero_point = a->output_zero_point,
        .low        = a->activation_min,
        .high       = a->activation_max,
    };
    thimble_layer_prepare(&layer);
    thimble_dense_run(&dense, &layer, memory);
    return 0;
}
