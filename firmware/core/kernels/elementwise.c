#include "elementwise.h"

#include "check.h"

/* A row of values in bytes, or -1: a size that thimble_volume refuses. */
static int32_t row_bytes(const thimble_elementwise *e, int32_t bytes) {
    return e->size[3] > 0 && e->size[3] <= INT32_MAX / bytes ? e->size[3] * bytes : -1;
}

static bool elementwise_valid(const thimble_elementwise *e, const thimble_memory *memory, int32_t bytes) {
    const int32_t *size       = e->size;
    const thimble_span output = {e->output, thimble_volume(size[0], size[1], size[2], row_bytes(e, bytes))};
    const thimble_span a      = {e->a, thimble_extent((uint32_t)bytes, size, e->a_stride, 4)};
    const thimble_span b      = {e->b, thimble_extent((uint32_t)bytes, size, e->b_stride, 4)};
    return thimble_writable(output, memory) && thimble_readable(a, memory) && thimble_readable(b, memory);
}

/* Whether all values lie on addresses that are multiples of their size. */
static bool elementwise_aligned(const thimble_elementwise *e, const thimble_memory *memory, int32_t bytes) {
    uintptr_t odd = (uintptr_t)thimble_at(memory, e->a) | (uintptr_t)thimble_at(memory, e->b);
    odd |= (uintptr_t)memory->written + e->output;
    for (int axis = 0; axis < 4; axis++) odd |= (uint32_t)(e->a_stride[axis] | e->b_stride[axis]);
    return odd % (uint32_t)bytes == 0;
}

int thimble_elementwise_run(const thimble_memory *memory, const void *block, int32_t bytes,
                            thimble_elementwise_row row) {
    const thimble_elementwise *e = block;
    if (!elementwise_valid(e, memory, bytes)) return -1;
    if (!elementwise_aligned(e, memory, bytes)) return -1;
    const int8_t *a         = (const int8_t *)thimble_at(memory, e->a);
    const int8_t *b         = (const int8_t *)thimble_at(memory, e->b);
    const int32_t *a_stride = e->a_stride, *b_stride = e->b_stride;
    int8_t *output = (int8_t *)memory->written + e->output;
    for (int32_t i = 0; i < e->size[0]; i++) {
        for (int32_t j = 0; j < e->size[1]; j++) {
            for (int32_t k = 0; k < e->size[2]; k++) {
                const int8_t *p = a + i * a_stride[0] + j * a_stride[1] + k * a_stride[2];
                const int8_t *q = b + i * b_stride[0] + j * b_stride[1] + k * b_stride[2];
                row(block, p, q, output);
                output += e->size[3] * bytes;
            }
        }
    }
    return 0;
}
