#include "dense.h"
#include "native.h"

int thimble_fully_connected_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes) {
    const thimble_dense *d = (const thimble_dense *)arguments;
    if (!thimble_dense_valid(d, memory, memory_bytes) || !thimble_shift_valid(d->shift)) return -1;
    const int8_t shift = (int8_t)d->shift;
    thimble_layer layer = {
        .bias = memory + d->bias,
        .multiplier = (const uint8_t *)&d->multiplier,
        .shift = &shift,
        .step = 0,
        .terms = d->depth,
        .zero_point = d->output_zero_point,
        .low = d->activation_min,
        .high = d->activation_max,
    };
    thimble_layer_prepare(&layer);
    thimble_dense_run(d, &layer, memory);
    return 0;
}
