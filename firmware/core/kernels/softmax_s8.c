#include "check.h"
#include "fixed.h"
#include "native.h"

typedef thimble_softmax_s8_arguments arguments;

/* A row's sum of exponentials as (1 + fraction) * 2^n, with 1 / (1 + fraction) in Q0.31. */
struct scale {
    int32_t reciprocal, exponent; /* of the division that brings a product with it to 8 bits */
};

/* exp(a) for a in Q0.31 within [-1/4, 0): a Taylor expansion around -1/8, as in gemmlowp. */
static int32_t exp_on_quarter(int32_t a) {
    const int32_t exp_minus_eighth = 1895147668, one_third = 715827883;
    const int32_t x         = thimble_wrapping_add(a, 1 << 28);
    const int32_t x2        = thimble_high_multiply(x, x);
    const int32_t x3        = thimble_high_multiply(x2, x);
    const int32_t x4_over_4 = thimble_rounding_divide(thimble_high_multiply(x2, x2), 2);
    const int32_t third     = thimble_high_multiply(thimble_wrapping_add(x4_over_4, x3), one_third);
    const int32_t tail      = thimble_rounding_divide(thimble_wrapping_add(third, x2), 1);
    const int32_t power     = thimble_high_multiply(exp_minus_eighth, thimble_wrapping_add(x, tail));
    return thimble_wrapping_add(exp_minus_eighth, power);
}

/* exp(a) in Q0.31 for a <= 0 in Q5.26. */
static int32_t exp_on_negative(int32_t a) {
    /* exp(-2^k), k = -2..4: one factor for each bit of the whole quarters. */
    static const int32_t factors[] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
    const int32_t quarter          = 1 << 24;
    if (a == 0) return INT32_MAX;
    const int32_t fraction = (a & (quarter - 1)) - quarter;
    const uint32_t rest    = (uint32_t)thimble_wrapping_subtract(fraction, a);
    int32_t result         = exp_on_quarter(thimble_wrapping_shift(fraction, 5));
    for (unsigned bit = 0; bit < 7; bit++)
        if (rest >> (24 + bit) & 1) result = thimble_high_multiply(result, factors[bit]);
    return result;
}

/* x * 2^exponent, or the nearest bound; exponent 1..31. */
static int32_t saturating_shift(int32_t x, int32_t exponent) {
    const int32_t limit = (int32_t)(((uint32_t)1 << (31 - exponent)) - 1);
    if (x > limit) return INT32_MAX;
    if (x < -limit) return INT32_MIN;
    return thimble_wrapping_shift(x, exponent);
}

/* 1 / (1 + a) for a in [0, 1], both Q0.31, by three Newton-Raphson steps. */
static int32_t one_over_one_plus(int32_t a) {
    const int32_t forty_eight_seventeenths = 1515870810, minus_thirty_two_seventeenths = -1010580540;
    const int32_t half  = (int32_t)(((int64_t)a + INT32_MAX + 1) >> 1);
    const int32_t slope = thimble_high_multiply(half, minus_thirty_two_seventeenths);
    int32_t x           = thimble_wrapping_add(forty_eight_seventeenths, slope);
    for (int i = 0; i < 3; i++) {
        const int32_t error = thimble_wrapping_subtract(1 << 29, thimble_high_multiply(half, x));
        x                   = thimble_wrapping_add(x, saturating_shift(thimble_high_multiply(x, error), 2));
    }
    return saturating_shift(x, 1);
}

static int32_t row_max(const int8_t *input, int32_t depth) {
    int32_t greatest = INT8_MIN;
    for (int32_t i = 0; i < depth; i++)
        if (input[i] > greatest) greatest = input[i];
    return greatest;
}

static int32_t value_exp(const arguments *a, int32_t difference) {
    const int32_t shifted = thimble_wrapping_shift(difference, a->shift);
    return exp_on_negative(thimble_high_multiply(shifted, a->multiplier));
}

static struct scale row_scale(const arguments *a, const int8_t *input, int32_t greatest) {
    uint32_t sum = 0; /* Q12.19 */
    for (int32_t i = 0; i < a->depth; i++) {
        const int32_t difference = input[i] - greatest;
        if (difference < a->difference_min) continue;
        sum += (uint32_t)thimble_rounding_divide(value_exp(a, difference), 12);
    }
    int32_t headroom = 0;
    while (headroom < 32 && sum >> 31 == 0) {
        sum <<= 1;
        headroom++;
    }
    const int32_t fraction = (int32_t)(sum - 0x80000000u);
    return (struct scale){one_over_one_plus(fraction), 12 - headroom + 31 - 8};
}

static void row_write(const arguments *a, const int8_t *input, int8_t *output) {
    const int32_t greatest   = row_max(input, a->depth);
    const struct scale scale = row_scale(a, input, greatest);
    for (int32_t i = 0; i < a->depth; i++) {
        const int32_t difference = input[i] - greatest;
        int32_t value            = INT8_MIN;
        /* From 512 equal values on each is less than half of 1/256. */
        if (difference >= a->difference_min && scale.exponent <= 31) {
            const int32_t share = thimble_high_multiply(scale.reciprocal, value_exp(a, difference));
            value               = thimble_rounding_divide(share, scale.exponent) + INT8_MIN;
        }
        output[i] = (int8_t)(value < INT8_MAX ? value : INT8_MAX);
    }
}

/* Buffers may overlap: a row is read before it is written, and each value before its result. */
int thimble_softmax_s8(const thimble_memory *memory, const void *block) {
    const arguments *a        = block;
    const uint32_t bytes      = thimble_volume(a->rows, a->depth, 1, 1);
    const thimble_span output = {a->output, bytes}, input = {a->input, bytes};
    if (!thimble_writable(output, memory) || !thimble_readable(input, memory)) return -1;
    if (a->shift < 0 || a->shift > 31) return -1;
    const int8_t *from = (const int8_t *)thimble_at(memory, a->input);
    int8_t *to         = (int8_t *)memory->written + a->output;
    for (int32_t row = 0; row < a->rows; row++) {
        row_write(a, from, to);
        from += a->depth;
        to += a->depth;
    }
    return 0;
}
