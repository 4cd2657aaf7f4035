#include "check.h"
#include "native.h"

struct arguments {
    int32_t input, output, output_bytes, value, offset;
    int32_t size[4], stride[3];
};

static bool arguments_valid(const struct arguments *a, uint32_t memory_bytes) {
    const int32_t *size = a->size;
    const thimble_span spans[] = {
        {a->output, thimble_volume(a->output_bytes, 1, 1, 1)},
        {a->input, thimble_volume(size[0], size[1], size[2], size[3])},
    };
    if (!thimble_inside_apart(spans, 2, memory_bytes)) return false;
    /* What is copied must come to lie inside the output too. */
    const thimble_span inner = {a->offset, thimble_extent((uint32_t)size[3], size, a->stride, 3)};
    return thimble_inside(&inner, 1, (uint32_t)a->output_bytes);
}

int thimble_pad_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes) {
    const struct arguments *a = (const struct arguments *)arguments;
    if (!arguments_valid(a, memory_bytes)) return -1;
    const uint8_t *input = memory + a->input;
    const uint32_t row_bytes = (uint32_t)a->size[3];
    memset(memory + a->output, (uint8_t)a->value, (uint32_t)a->output_bytes);
    uint8_t *output = memory + a->output + a->offset;
    for (int32_t i = 0; i < a->size[0]; i++) {
        for (int32_t j = 0; j < a->size[1]; j++) {
            for (int32_t k = 0; k < a->size[2]; k++, input += row_bytes)
                memcpy(output + i * a->stride[0] + j * a->stride[1] + k * a->stride[2], input, row_bytes);
        }
    }
    return 0;
}
