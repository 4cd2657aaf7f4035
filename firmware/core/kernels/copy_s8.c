#include "check.h"
#include "native.h"

typedef thimble_copy_s8_arguments arguments;

static bool arguments_valid(const arguments *a, const thimble_memory *memory) {
    const uint32_t length     = (uint32_t)a->length;
    const thimble_span output = {a->output, thimble_extent(length, &a->rows, &a->output_stride, 1)};
    const thimble_span input  = {a->input, thimble_extent(length, &a->rows, &a->input_stride, 1)};
    /* Rows on top of each other would cost any amount of time in little memory. */
    return thimble_apart(output, input, memory) &&
           thimble_fits(thimble_volume(a->rows, a->length, 1, 1), memory);
}

int thimble_copy_s8(const thimble_memory *memory, const void *block) {
    const arguments *a = block;
    if (!arguments_valid(a, memory)) return -1;
    const uint8_t *input = thimble_at(memory, a->input);
    uint8_t *output      = memory->written + a->output;
    for (int32_t row = 0; row < a->rows; row++)
        memcpy(output + row * a->output_stride, input + row * a->input_stride, (uint32_t)a->length);
    return 0;
}
