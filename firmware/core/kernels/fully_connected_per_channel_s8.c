#include "dense.h"
#include "native.h"

int thimble_fully_connected_per_channel_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes) {
    const thimble_dense *d = (const thimble_dense *)arguments;
    if (!thimble_dense_valid(d, memory, memory_bytes)) return -1;
    const thimble_span spans[] = {
        {d->output, thimble_volume(d->batches, d->outputs, 1, 1)},
        {d->multiplier, thimble_volume(d->outputs, 4, 1, 1)},
        {d->shift, thimble_volume(d->outputs, 1, 1, 1)},
    };
    if (!thimble_inside_apart(spans, 3, memory_bytes) ||
        !thimble_channels_valid(memory, d->bias, d->multiplier, d->shift, d->outputs))
        return -1;
    thimble_layer layer = {
        .bias = memory + d->bias,
        .multiplier = memory + d->multiplier,
        .shift = (const int8_t *)memory + d->shift,
        .step = 1,
        .terms = d->depth,
        .zero_point = d->output_zero_point,
        .low = d->activation_min,
        .high = d->activation_max,
    };
    thimble_layer_prepare(&layer);
    thimble_dense_run(d, &layer, memory);
    return 0;
}
