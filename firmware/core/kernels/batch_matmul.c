#include "batch_matmul.h"

#include "wide.h"

typedef thimble_batch_matmul_arguments arguments;

/* Where one operand's matrices lie: its batch, then rows and depth, or depth and columns. */
static thimble_span operand_span(const arguments *a, bool is_left, int32_t bytes) {
    const int32_t left[]   = {a->a_batch_stride[0], a->a_batch_stride[1], a->a_row_stride, a->a_depth_stride};
    const int32_t right[]  = {a->b_batch_stride[0], a->b_batch_stride[1], a->b_depth_stride,
                              a->b_column_stride};
    const int32_t sizes[]  = {a->batch[0], a->batch[1], is_left ? a->rows : a->depth,
                             is_left ? a->depth : a->columns};
    const int32_t *strides = is_left ? left : right;
    const thimble_span span = {is_left ? a->a : a->b, thimble_extent((uint32_t)bytes, sizes, strides, 4)};
    return span;
}

/* Whether all strides and places are of whole int16 values. */
static bool even(const arguments *a, const thimble_memory *memory) {
    uintptr_t odd = (uintptr_t)thimble_at(memory, a->a) | (uintptr_t)thimble_at(memory, a->b);
    odd |= (uintptr_t)memory->written + a->output;
    odd |= (uint32_t)(a->a_row_stride | a->a_depth_stride | a->b_depth_stride | a->b_column_stride);
    for (int i = 0; i < 2; i++) odd |= (uint32_t)(a->a_batch_stride[i] | a->b_batch_stride[i]);
    return odd % 2 == 0;
}

/* Strides along the depth are above 0: more products than values would take any amount of time. */
static bool arguments_valid(const arguments *a, const thimble_memory *memory, int32_t bytes) {
    const uint32_t matrix     = thimble_volume(a->rows, a->columns, bytes, 1);
    const uint32_t size       = matrix <= INT32_MAX ? matrix : 0;
    const thimble_span output = {a->output, thimble_volume(a->batch[0], a->batch[1], (int32_t)size, 1)};
    return a->a_depth_stride > 0 && a->b_depth_stride > 0 &&
           thimble_apart(output, operand_span(a, true, bytes), memory) &&
           thimble_apart(output, operand_span(a, false, bytes), memory) && (bytes == 1 || even(a, memory));
}

static uint8_t *matrix_write(const arguments *a, const uint8_t *left, const uint8_t *right, uint8_t *output,
                             int32_t bytes, thimble_batch_matmul_value value) {
    for (int32_t r = 0; r < a->rows; r++, left += a->a_row_stride) {
        const uint8_t *column = right;
        for (int32_t c = 0; c < a->columns; c++, column += a->b_column_stride, output += bytes) {
            if (bytes == 1)
                *output = (uint8_t)value(a, left, column);
            else
                thimble_store_s16(output, value(a, left, column));
        }
    }
    return output;
}

int thimble_batch_matmul_run(const thimble_memory *memory, const arguments *a, int32_t bytes,
                             thimble_batch_matmul_value value) {
    if (!arguments_valid(a, memory, bytes)) return -1;
    const uint8_t *left = thimble_at(memory, a->a), *right = thimble_at(memory, a->b);
    uint8_t *output = memory->written + a->output;
    for (int32_t i = 0; i < a->batch[0]; i++) {
        for (int32_t j = 0; j < a->batch[1]; j++) {
            const uint8_t *p = left + i * a->a_batch_stride[0] + j * a->a_batch_stride[1];
            const uint8_t *q = right + i * a->b_batch_stride[0] + j * a->b_batch_stride[1];
            output           = matrix_write(a, p, q, output, bytes, value);
        }
    }
    return 0;
}
