#include "batch_matmul.h"
#include "fixed.h"
#include "native.h"
#include "wide.h"

typedef thimble_batch_matmul_arguments arguments;

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

int thimble_batch_matmul_s16(const thimble_memory *memory, const void *block) {
    const arguments *a = block;
    return a->shift >= 1 && a->shift <= 62 ? thimble_batch_matmul_run(memory, a, 2, value_s16) : -1;
}
