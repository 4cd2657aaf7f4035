#include "native.h"
#include "wide_dense.h"

int thimble_fully_connected_s16(const thimble_memory *memory, const void *block) {
    const thimble_fully_connected_s16_arguments *a = block;
    const thimble_wide_dense dense                 = {a->input, a->output, a->batches, a->outputs, 2, 1};
    const thimble_tables tables                    = {a->weights, a->bias, a->multiplier, a->shift};
    thimble_wide_layer layer                       = {
                              .step         = a->factor_step,
                              .terms        = a->depth,
                              .zero_point   = a->output_zero_point,
                              .low          = a->activation_min,
                              .high         = a->activation_max,
                              .output_bytes = a->output_bytes,
                              .is_narrow    = a->narrow_sums != 0,
    };
    if (!thimble_wide_dense_valid(&dense, &layer, &tables, memory)) return -1;
    const int8_t *weights = (const int8_t *)thimble_at(memory, a->weights);
    const uint8_t *input  = thimble_at(memory, a->input);
    uint8_t *output       = memory->written + a->output;
    for (int32_t batch = 0; batch < a->batches; batch++) {
        thimble_wide_pixel(&layer, input, weights, 0, a->outputs, output);
        input += 2 * a->depth;
        output += a->outputs * a->output_bytes;
    }
    return 0;
}
