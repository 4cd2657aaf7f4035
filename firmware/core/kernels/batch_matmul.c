#include "fixed.h"
#include "native.h"
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

static int32_t value_s8(const arguments *a, const uint8_t *p, const uint8_t *q) {
    const int32_t zero_a = a->a_zero_point, zero_b = a->b_zero_point;
    const int32_t a_stride = a->a_depth_stride, b_stride = a->b_depth_stride;
    uint32_t sum = 0;
    for (int32_t k = a->depth; k > 0; k--) {
        sum += (uint32_t)(((int8_t)*p - zero_a) * ((int8_t)*q - zero_b));
        p += a_stride;
        q += b_stride;
    }
    const int32_t scaled = thimble_requantize((int32_t)sum, a->multiplier, a->shift);
    return thimble_to_output(scaled, a->output_zero_point, INT8_MIN, INT8_MAX);
}

/* Wraps as the twin where a multiplier is none that a model has. */
static int32_t value_s16(const arguments *a, const uint8_t *p, const uint8_t *q) {
    const int32_t a_stride = a->a_depth_stride, b_stride = a->b_depth_stride;
    int64_t sum = 0;
    for (int32_t k = a->depth; k > 0; k--) {
        sum += (int32_t)thimble_load_s16(p) * thimble_load_s16(q);
        p += a_stride;
        q += b_stride;
    }
    const uint64_t product = (uint64_t)sum * (uint64_t)(int64_t)a->multiplier;
    const int64_t scaled   = (int64_t)(product + ((uint64_t)1 << (a->shift - 1))) >> a->shift;
    return thimble_clamp((int32_t)scaled, INT16_MIN, INT16_MAX);
}

static uint8_t *matrix_write(const arguments *a, const uint8_t *left, const uint8_t *right, uint8_t *output,
                             int32_t bytes) {
    for (int32_t r = 0; r < a->rows; r++, left += a->a_row_stride) {
        const uint8_t *column = right;
        for (int32_t c = 0; c < a->columns; c++, column += a->b_column_stride, output += bytes) {
            if (bytes == 1)
                *output = (uint8_t)value_s8(a, left, column);
            else
                thimble_store_s16(output, value_s16(a, left, column));
        }
    }
    return output;
}

static int batch_run(const thimble_memory *memory, const arguments *a, int32_t bytes) {
    if (!arguments_valid(a, memory, bytes)) return -1;
    const uint8_t *left = thimble_at(memory, a->a), *right = thimble_at(memory, a->b);
    uint8_t *output = memory->written + a->output;
    for (int32_t i = 0; i < a->batch[0]; i++) {
        for (int32_t j = 0; j < a->batch[1]; j++) {
            const uint8_t *p = left + i * a->a_batch_stride[0] + j * a->a_batch_stride[1];
            const uint8_t *q = right + i * a->b_batch_stride[0] + j * a->b_batch_stride[1];
            output           = matrix_write(a, p, q, output, bytes);
        }
    }
    return 0;
}

int thimble_batch_matmul_s8(const thimble_memory *memory, const void *block) {
    const arguments *a = block;
    return thimble_shift_valid(a->shift) ? batch_run(memory, a, 1) : -1;
}

int thimble_batch_matmul_s16(const thimble_memory *memory, const void *block) {
    const arguments *a = block;
    return a->shift >= 1 && a->shift <= 62 ? batch_run(memory, a, 2) : -1;
}
