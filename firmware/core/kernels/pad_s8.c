#include "check.h"
#include "native.h"

typedef thimble_pad_s8_arguments arguments;

static bool arguments_valid(const arguments *a, const thimble_memory *memory) {
    const int32_t *size       = a->size;
    const thimble_span output = {a->output, thimble_volume(a->output_bytes, 1, 1, 1)};
    const thimble_span input  = {a->input, thimble_volume(size[0], size[1], size[2], size[3])};
    if (!thimble_apart(output, input, memory)) return false;
    /* What is copied must come to lie inside the output too. */
    const thimble_span inner = {(uint32_t)a->offset, thimble_extent((uint32_t)size[3], size, a->stride, 3)};
    return thimble_between(inner, 0, output.bytes);
}

int thimble_pad_s8(const thimble_memory *memory, const void *block) {
    const arguments *a = block;
    if (!arguments_valid(a, memory)) return -1;
    const uint8_t *input     = thimble_at(memory, a->input);
    const uint32_t row_bytes = (uint32_t)a->size[3];
    memset(memory->written + a->output, (uint8_t)a->value, (uint32_t)a->output_bytes);
    uint8_t *output = memory->written + a->output + a->offset;
    for (int32_t i = 0; i < a->size[0]; i++) {
        for (int32_t j = 0; j < a->size[1]; j++) {
            for (int32_t k = 0; k < a->size[2]; k++, input += row_bytes)
                memcpy(output + i * a->stride[0] + j * a->stride[1] + k * a->stride[2], input, row_bytes);
        }
    }
    return 0;
}
