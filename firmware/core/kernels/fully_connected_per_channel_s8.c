#include "block.h"
#include "check.h"
#include "fixed.h"
#include "native.h"

struct arguments {
    int32_t input, output, weights, bias, multiplier, shift;
    int32_t batches, depth, outputs;
    int32_t output_zero_point, activation_min, activation_max;
};

static bool arguments_valid(const struct arguments *a, const uint8_t *memory, uint32_t memory_bytes) {
    const thimble_span spans[] = {
        {a->output, thimble_volume(a->batches, a->outputs, 1, 1)},
        {a->input, thimble_volume(a->batches, a->depth, 1, 1)},
        {a->weights, thimble_volume(a->outputs, a->depth, 1, 1)},
        {a->bias, thimble_volume(a->outputs, 4, 1, 1)},
        {a->multiplier, thimble_volume(a->outputs, 4, 1, 1)},
        {a->shift, thimble_volume(a->outputs, 1, 1, 1)},
    };
    return thimble_inside_apart(spans, sizeof spans / sizeof spans[0], memory_bytes) &&
           thimble_channels_valid(memory, a->bias, a->multiplier, a->shift, a->outputs);
}

int thimble_fully_connected_per_channel_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes) {
    const struct arguments *a = (const struct arguments *)arguments;
    if (!arguments_valid(a, memory, memory_bytes)) return -1;
    const int8_t *input = (const int8_t *)memory + a->input, *shift = (const int8_t *)memory + a->shift;
    const uint8_t *bias = memory + a->bias, *multiplier = memory + a->multiplier;
    int8_t *output = (int8_t *)memory + a->output;
    for (int32_t batch = 0; batch < a->batches; batch++, input += a->depth) {
        const int8_t *row = (const int8_t *)memory + a->weights;
        for (int32_t i = 0; i < a->outputs;) {
            uint32_t sums[THIMBLE_BLOCK];
            const int32_t count = thimble_block_dense(sums, row, a->depth, a->outputs - i, input);
            for (int32_t k = 0; k < count; k++) {
                const int32_t total = (int32_t)((uint32_t)thimble_load(bias, i + k) + sums[k]);
                const int32_t factor = thimble_load(multiplier, i + k);
                const int32_t scaled = thimble_requantize(total, factor, shift[i + k]);
                *output++ =
                    thimble_to_output(scaled, a->output_zero_point, a->activation_min, a->activation_max);
            }
            row += count * a->depth;
            i += count;
        }
    }
    return 0;
}
