#include "fixed.h"
#include "native.h"
#include "wide.h"

typedef thimble_mean_s16_arguments arguments;

static bool strides_even(const arguments *a) {
    return ((a->kept_stride[0] | a->kept_stride[1] | a->reduced_stride[0] | a->reduced_stride[1]) & 1) == 0;
}

static bool arguments_valid(const arguments *a, const thimble_memory *memory) {
    const uint32_t reach      = thimble_extent(2, a->reduced, a->reduced_stride, 2);
    const thimble_span output = {a->output, thimble_volume(a->kept[0], a->kept[1], 2, 1)};
    const thimble_span input  = {a->input, thimble_extent(reach, a->kept, a->kept_stride, 2)};
    /* Every value belongs to one mean: strides of zero would cost any amount of time in little memory. */
    return thimble_apart(output, input, memory) && thimble_shift_valid(a->shift) && strides_even(a) &&
           thimble_even(thimble_at(memory, a->input)) && thimble_even(thimble_at(memory, a->output)) &&
           thimble_fits(thimble_volume(a->kept[0], a->kept[1], a->reduced[0], a->reduced[1]), memory);
}

static int32_t reduced_sum(const arguments *a, const uint8_t *values) {
    int32_t sum = 0;
    for (int32_t k = 0; k < a->reduced[0]; k++) {
        const uint8_t *value = values + k * a->reduced_stride[0];
        for (int32_t l = 0; l < a->reduced[1]; l++, value += a->reduced_stride[1])
            sum = thimble_wrapping_add(sum, thimble_load_s16(value));
    }
    return sum;
}

int thimble_mean_s16(const thimble_memory *memory, const void *block) {
    const arguments *a = block;
    if (!arguments_valid(a, memory)) return -1;
    const uint8_t *input = thimble_at(memory, a->input);
    uint8_t *output      = memory->written + a->output;
    for (int32_t i = 0; i < a->kept[0]; i++) {
        for (int32_t j = 0; j < a->kept[1]; j++, output += 2) {
            const int32_t sum  = reduced_sum(a, input + i * a->kept_stride[0] + j * a->kept_stride[1]);
            const int32_t mean = thimble_requantize(sum, a->multiplier, a->shift);
            thimble_store_s16(output, thimble_clamp(mean, INT16_MIN, INT16_MAX));
        }
    }
    return 0;
}
