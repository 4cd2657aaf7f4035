#include "elementwise.h"
#include "native.h"
#include "wide.h"

typedef thimble_div_arguments arguments;

enum { MAX_SHIFT = 45, BEYOND = 65536 };

static int64_t value_at(const uint8_t *values, int32_t bytes, int32_t zero_point) {
    return (bytes == 1 ? (int8_t)*values : thimble_load_s16(values)) - zero_point;
}

/* x * multiplier / (y * 2^shift), halves away from zero; what is divided by 0 is beyond any range. */
static int64_t quotient_of(const arguments *a, int64_t x, int64_t y) {
    if (x == 0) return 0;
    const int64_t size      = (y < 0 ? -y : y) << a->shift;
    const int64_t twice     = 2 * (x < 0 ? -x : x) * a->multiplier;
    const int64_t magnitude = size == 0 ? BEYOND : (twice + size) / (2 * size);
    return (x < 0) != (y < 0) ? -magnitude : magnitude;
}

static void row_divide(const void *block, const int8_t *x, const int8_t *y, int8_t *output) {
    const arguments *a = block;
    const uint8_t *p = (const uint8_t *)x, *q = (const uint8_t *)y;
    uint8_t *to         = (uint8_t *)output;
    const int64_t least = a->bytes == 1 ? INT8_MIN : INT16_MIN;
    for (int32_t i = 0; i < a->size[3]; i++) {
        const int64_t dividend = value_at(p, a->bytes, a->a_zero_point);
        const int64_t divisor  = value_at(q, a->bytes, a->b_zero_point);
        const int64_t value    = quotient_of(a, dividend, divisor) + a->output_zero_point;
        const int64_t most     = value < -least - 1 ? value : -least - 1;
        const int32_t clamped  = (int32_t)(most > least ? most : least);
        if (a->bytes == 1)
            *to = (uint8_t)clamped;
        else
            thimble_store_s16(to, clamped);
        p += a->a_stride[3];
        q += a->b_stride[3];
        to += a->bytes;
    }
}

int thimble_div(const thimble_memory *memory, const void *block) {
    const arguments *a = block;
    if (a->bytes != 1 && a->bytes != 2) return -1;
    if (a->multiplier < 0 || a->shift < 0 || a->shift > MAX_SHIFT) return -1;
    return thimble_elementwise_run(memory, a, a->bytes, row_divide);
}
