#include "batch_matmul.h"
#include "check.h"
#include "fixed.h"
#include "native.h"

typedef thimble_batch_matmul_arguments arguments;

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

int thimble_batch_matmul_s8(const thimble_memory *memory, const void *block) {
    const arguments *a = block;
    return thimble_shift_valid(a->shift) ? thimble_batch_matmul_run(memory, a, 1, value_s8) : -1;
}
