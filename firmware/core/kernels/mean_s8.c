#include "check.h"
#include "fixed.h"
#include "native.h"

typedef thimble_mean_s8_arguments arguments;

static bool arguments_valid(const arguments *a, const thimble_memory *memory) {
    const uint32_t reach      = thimble_extent(1, a->reduced, a->reduced_stride, 2);
    const thimble_span output = {a->output, thimble_volume(a->kept[0], a->kept[1], 1, 1)};
    const thimble_span input  = {a->input, thimble_extent(reach, a->kept, a->kept_stride, 2)};
    /* Every value belongs to one mean: strides of zero would cost any amount of time in little memory. */
    return thimble_apart(output, input, memory) && thimble_shift_valid(a->shift) &&
           thimble_fits(thimble_volume(a->kept[0], a->kept[1], a->reduced[0], a->reduced[1]), memory);
}

static int32_t reduced_sum(const arguments *a, const int8_t *values) {
    int32_t sum = 0;
    for (int32_t k = 0; k < a->reduced[0]; k++) {
        const int8_t *row = values + k * a->reduced_stride[0];
        for (int32_t l = 0; l < a->reduced[1]; l++)
            sum = thimble_wrapping_add(sum, row[l * a->reduced_stride[1]]);
    }
    return sum;
}

int thimble_mean_s8(const thimble_memory *memory, const void *block) {
    const arguments *a = block;
    if (!arguments_valid(a, memory)) return -1;
    const int8_t *input = (const int8_t *)thimble_at(memory, a->input);
    int8_t *output      = (int8_t *)memory->written + a->output;
    for (int32_t i = 0; i < a->kept[0]; i++) {
        for (int32_t j = 0; j < a->kept[1]; j++) {
            const int32_t sum     = reduced_sum(a, input + i * a->kept_stride[0] + j * a->kept_stride[1]);
            const int32_t centred = thimble_wrapping_subtract(sum, a->correction);
            const int32_t scaled  = thimble_requantize(centred, a->multiplier, a->shift);
            *output++             = thimble_to_output(scaled, a->output_zero_point, INT8_MIN, INT8_MAX);
        }
    }
    return 0;
}
