#include "elementwise.h"

#include "check.h"

static bool elementwise_valid(const thimble_elementwise *e, uint32_t memory_bytes) {
    const int32_t *size = e->size;
    const thimble_span spans[] = {
        {e->output, thimble_volume(size[0], size[1], size[2], size[3])},
        {e->a, thimble_extent(1, size, e->a_stride, 4)},
        {e->b, thimble_extent(1, size, e->b_stride, 4)},
    };
    return thimble_inside(spans, 3, memory_bytes);
}

int thimble_elementwise_run(const void *arguments, uint8_t *memory, uint32_t memory_bytes,
                            thimble_elementwise_row row) {
    const thimble_elementwise *e = arguments;
    if (!elementwise_valid(e, memory_bytes)) return -1;
    const int8_t *a = (const int8_t *)memory + e->a, *b = (const int8_t *)memory + e->b;
    const int32_t *a_stride = e->a_stride, *b_stride = e->b_stride;
    int8_t *output = (int8_t *)memory + e->output;
    for (int32_t i = 0; i < e->size[0]; i++) {
        for (int32_t j = 0; j < e->size[1]; j++) {
            for (int32_t k = 0; k < e->size[2]; k++) {
                const int8_t *p = a + i * a_stride[0] + j * a_stride[1] + k * a_stride[2];
                const int8_t *q = b + i * b_stride[0] + j * b_stride[1] + k * b_stride[2];
                row(arguments, p, q, output);
                output += e->size[3];
            }
        }
    }
    return 0;
}
