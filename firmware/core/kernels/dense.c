#include "dense.h"

#include "block.h"
#include "check.h"

bool thimble_dense_valid(const thimble_dense *d, const thimble_memory *memory) {
    const thimble_span output = {d->output, thimble_volume(d->batches, d->outputs, 1, 1)};
    const thimble_span input  = {d->input, thimble_volume(d->batches, d->depth, 1, 1)};
    return thimble_apart(output, input, memory);
}

void thimble_dense_run(const thimble_dense *d, const thimble_layer *layer, const thimble_memory *memory) {
    const thimble_pixels pixels = {(const int8_t *)thimble_at(memory, d->input),
                                   (int8_t *)memory->written + d->output, d->batches, d->depth, d->outputs};
    const int8_t *weights       = (const int8_t *)thimble_at(memory, d->weights);
    thimble_block_run(layer, 0, d->outputs, weights, &pixels);
}
