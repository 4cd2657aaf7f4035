#include "native.h"
#include "wide_dense.h"

/* A product fits 32 bits; two of them need not. */
static int64_t dot(const uint8_t *input, const uint8_t *filter, int32_t terms) {
    int64_t sum = 0;
    for (int32_t i = 0; i < terms; i++)
        sum += thimble_load_s16(input + 2 * i) * thimble_load_s16(filter + 2 * i);
    return sum;
}

int thimble_fully_connected_w16_s16(const thimble_memory *memory, const void *block) {
    const thimble_fully_connected_w16_s16_arguments *a = block;
    const thimble_wide_dense dense                     = {a->input, a->output, a->batches, a->outputs, 2, 2};
    const thimble_tables tables                        = {a->weights, a->bias, a->multiplier, a->shift};
    thimble_wide_layer layer                           = {
                                  .step         = a->factor_step,
                                  .terms        = a->depth,
                                  .zero_point   = a->output_zero_point,
                                  .low          = a->activation_min,
                                  .high         = a->activation_max,
                                  .output_bytes = a->output_bytes,
    };
    if (!thimble_wide_dense_valid(&dense, &layer, &tables, memory)) return -1;
    const uint8_t *input = thimble_at(memory, a->input);
    uint8_t *output      = memory->written + a->output;
    for (int32_t batch = 0; batch < a->batches; batch++, input += 2 * a->depth) {
        const uint8_t *filter = thimble_at(memory, a->weights);
        for (int32_t i = 0; i < a->outputs; i++, filter += 2 * a->depth)
            output = thimble_wide_store(&layer, output,
                                        thimble_wide_value(&layer, i, dot(input, filter, a->depth)));
    }
    return 0;
}
