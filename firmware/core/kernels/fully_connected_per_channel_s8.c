#include "dense.h"
#include "native.h"

int thimble_fully_connected_per_channel_s8(const thimble_memory *memory, const void *block) {
    const thimble_fully_connected_per_channel_s8_arguments *a = block;
    const thimble_dense dense   = {a->input, a->output, a->weights, a->batches, a->depth, a->outputs};
    const thimble_tables tables = {a->weights, a->bias, a->multiplier, a->shift};
    if (!thimble_dense_valid(&dense, memory)) return -1;
    if (!thimble_tables_valid(&tables, a->outputs, a->depth, memory)) return -1;
    thimble_layer layer = {
        .bias       = thimble_at(memory, a->bias),
        .multiplier = thimble_at(memory, a->multiplier),
        .shift      = (const int8_t *)thimble_at(memory, a->shift),
        .step       = 1,
        .terms      = a->depth,
        .zero_point = a->output_zero_point,
        .low        = a->activation_min,
        .high       = a->activation_max,
    };
    thimble_layer_prepare(&layer);
    thimble_dense_run(&dense, &layer, memory);
    return 0;
}
