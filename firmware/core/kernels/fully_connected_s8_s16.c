#include "native.h"
#include "wide_dense.h"

/* Wraps, as in the twin. */
static int32_t dot(const int8_t *input, const int8_t *filter, int32_t terms) {
    uint32_t sum = 0;
    for (int32_t i = 0; i < terms; i++) sum += (uint32_t)(input[i] * filter[i]);
    return (int32_t)sum;
}

int thimble_fully_connected_s8_s16(const thimble_memory *memory, const void *block) {
    const thimble_fully_connected_s8_s16_arguments *a = block;
    const thimble_wide_dense dense                    = {a->input, a->output, a->batches, a->outputs, 1, 1};
    const thimble_tables tables                       = {a->weights, a->bias, a->multiplier, a->shift};
    thimble_wide_layer layer                          = {
                                 .step         = a->factor_step,
                                 .terms        = a->depth,
                                 .zero_point   = a->output_zero_point,
                                 .low          = a->activation_min,
                                 .high         = a->activation_max,
                                 .output_bytes = 2,
    };
    if (!thimble_wide_dense_valid(&dense, &layer, &tables, memory)) return -1;
    const int8_t *input = (const int8_t *)thimble_at(memory, a->input);
    uint8_t *output     = memory->written + a->output;
    for (int32_t batch = 0; batch < a->batches; batch++, input += a->depth) {
        const int8_t *filter = (const int8_t *)thimble_at(memory, a->weights);
        for (int32_t i = 0; i < a->outputs; i++, filter += a->depth)
            output = thimble_wide_store(&layer, output,
                                        thimble_wide_value(&layer, i, dot(input, filter, a->depth)));
    }
    return 0;
}
