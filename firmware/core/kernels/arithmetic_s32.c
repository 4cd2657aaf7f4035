#include "check.h"
#include "elementwise.h"
#include "native.h"
#include "samples.h"

typedef thimble_arithmetic_s32_arguments arguments;

enum { ADD, SUBTRACT, MULTIPLY, DIVIDE, MINIMUM, MAXIMUM };

/* Sums, differences and products wrap; the divisor is not 0. */
static int32_t compute(int8_t operation, int32_t x, int32_t y) {
    const uint32_t a = (uint32_t)x, b = (uint32_t)y;
    switch (operation) {
    case ADD: return (int32_t)(a + b);
    case SUBTRACT: return (int32_t)(a - b);
    case MULTIPLY: return (int32_t)(a * b);
    case MINIMUM: return x < y ? x : y;
    case MAXIMUM: return x > y ? x : y;
    default: return y == -1 ? (int32_t)(0 - a) : x / y;
    }
}

static void row_compute(const void *block, const int8_t *x, const int8_t *y, int8_t *output) {
    const arguments *a = block;
    const uint8_t *p = (const uint8_t *)x, *q = (const uint8_t *)y;
    uint8_t *to = (uint8_t *)output;
    for (int32_t i = 0; i < a->size[3]; i++, to += 4) {
        int32_t found = compute(a->operation, (int32_t)thimble_word(p), (int32_t)thimble_word(q));
        if (found > a->activation_max) found = a->activation_max;
        if (found < a->activation_min) found = a->activation_min;
        thimble_word_put(to, (uint32_t)found);
        p += a->a_stride[3];
        q += a->b_stride[3];
    }
}

/* Whether the divisors are constants, as those of a right module are, and none of them is 0. */
static bool can_divide(const thimble_memory *memory, const arguments *a) {
    const thimble_span divisors = {a->b, thimble_extent(4, a->size, a->b_stride, 4)};
    if (a->b % 4 != 0 || !thimble_constant(divisors, memory)) return false;
    const uint8_t *at = thimble_at(memory, a->b);
    for (uint32_t i = 0; i < divisors.bytes; i += 4)
        if (thimble_word(at + i) == 0) return false;
    return true;
}

int thimble_arithmetic_s32(const thimble_memory *memory, const void *block) {
    const arguments *a = block;
    if (a->operation < ADD || a->operation > MAXIMUM) return -1;
    if (a->operation == DIVIDE && !can_divide(memory, a)) return -1;
    return thimble_elementwise_run(memory, a, 4, row_compute);
}
