#include "dense.h"

#include "block.h"
#include "check.h"

bool thimble_dense_valid(const thimble_dense *d, const uint8_t *memory, uint32_t memory_bytes) {
    const thimble_span spans[] = {
        {d->output, thimble_volume(d->batches, d->outputs, 1, 1)},
        {d->input, thimble_volume(d->batches, d->depth, 1, 1)},
        {d->weights, thimble_volume(d->outputs, d->depth, 1, 1)},
        {d->bias, thimble_volume(d->outputs, 4, 1, 1)},
    };
    return thimble_inside_apart(spans, sizeof spans / sizeof spans[0], memory_bytes) &&
           thimble_load_valid(memory + d->bias);
}

void thimble_dense_run(const thimble_dense *d, const thimble_layer *layer, uint8_t *memory) {
    const thimble_pixels pixels = {
        (const int8_t *)memory + d->input, (int8_t *)memory + d->output, d->batches, d->depth, d->outputs};
    thimble_block_run(layer, 0, d->outputs, (const int8_t *)memory + d->weights, &pixels);
}
