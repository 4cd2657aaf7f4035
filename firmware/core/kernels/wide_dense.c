#include "wide_dense.h"

bool thimble_wide_dense_valid(const thimble_wide_dense *d, thimble_wide_layer *layer,
                              const thimble_tables *tables, const thimble_memory *memory) {
    if (layer->output_bytes != 1 && layer->output_bytes != 2) return false;
    const thimble_span output = {d->output, thimble_volume(d->batches, d->outputs, layer->output_bytes, 1)};
    const thimble_span input  = {d->input, thimble_volume(d->batches, layer->terms, d->input_bytes, 1)};
    if (!thimble_apart(output, input, memory)) return false;
    if (!thimble_wide_tables(layer, tables, d->outputs, d->weight_bytes, memory)) return false;
    if (d->input_bytes == 2 && !thimble_even(thimble_at(memory, d->input))) return false;
    if (d->weight_bytes == 2 && !thimble_even(thimble_at(memory, tables->weights))) return false;
    return layer->output_bytes == 1 || thimble_even(thimble_at(memory, d->output));
}
