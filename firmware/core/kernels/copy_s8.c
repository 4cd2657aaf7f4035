#include "check.h"
#include "native.h"

struct arguments {
    int32_t input, output, rows, length, input_stride, output_stride;
};

static bool arguments_valid(const struct arguments *a, uint32_t memory_bytes) {
    const uint32_t length = (uint32_t)a->length;
    const thimble_span spans[] = {
        {a->output, thimble_extent(length, &a->rows, &a->output_stride, 1)},
        {a->input, thimble_extent(length, &a->rows, &a->input_stride, 1)},
    };
    /* Rows on top of each other would cost any amount of time in little memory. */
    return thimble_inside_apart(spans, 2, memory_bytes) &&
           thimble_fits(thimble_volume(a->rows, a->length, 1, 1), memory_bytes);
}

int thimble_copy_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes) {
    const struct arguments *a = (const struct arguments *)arguments;
    if (!arguments_valid(a, memory_bytes)) return -1;
    const uint8_t *input = memory + a->input;
    uint8_t *output = memory + a->output;
    for (int32_t row = 0; row < a->rows; row++)
        memcpy(output + row * a->output_stride, input + row * a->input_stride, (uint32_t)a->length);
    return 0;
}
