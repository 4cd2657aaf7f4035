/*
 * Fixed-point arithmetic: the twin of assembly/fixed.ts, bit for bit and wrap-around included.
 *
 * Sums and products that may exceed 32 bits are made in unsigned or 64-bit arithmetic, so that nothing here
 * is undefined. Two things are left to the compiler by C99 and the same in all we know: >> of a negative
 * number is arithmetic, and conversion to a narrower signed type keeps the low bits.
 */
#ifndef THIMBLE_KERNELS_FIXED_H
#define THIMBLE_KERNELS_FIXED_H

#include <stdint.h>

static inline int32_t thimble_wrapping_add(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

static inline int32_t thimble_wrapping_subtract(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a - (uint32_t)b);
}

static inline int32_t thimble_wrapping_multiply(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a * (uint32_t)b);
}

/* x * 2^exponent; exponent 0..31. */
static inline int32_t thimble_wrapping_shift(int32_t x, int32_t exponent) {
    return (int32_t)((uint32_t)x << exponent);
}

/* round(a * b / 2^31), halves towards plus infinity; the one overflow, MIN * MIN, wraps. */
static inline int32_t thimble_high_multiply(int32_t a, int32_t b) {
    return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
}

/* round(x / 2^exponent), halves away from zero; exponent 0..31. */
static inline int32_t thimble_rounding_divide(int32_t x, int32_t exponent) {
    const int32_t mask      = (int32_t)(((uint32_t)1 << exponent) - 1);
    const int32_t threshold = (mask >> 1) + (x < 0);
    return (x >> exponent) + ((x & mask) > threshold);
}

/* x * multiplier * 2^shift / 2^31 with double rounding; shift -31..31. */
static inline int32_t thimble_requantize(int32_t x, int32_t multiplier, int32_t shift) {
    const int32_t left  = shift > 0 ? shift : 0;
    const int32_t right = shift > 0 ? 0 : -shift;
    return thimble_rounding_divide(thimble_high_multiply(thimble_wrapping_shift(x, left), multiplier), right);
}

/* Where low > high, low wins, as in the twin. */
static inline int32_t thimble_clamp(int32_t x, int32_t low, int32_t high) {
    const int32_t most = x < high ? x : high;
    return most > low ? most : low;
}

/* A value at the output's scale to the byte that is stored. */
static inline int8_t thimble_to_output(int32_t scaled, int32_t zero_point, int32_t low, int32_t high) {
    return (int8_t)thimble_clamp(thimble_wrapping_add(scaled, zero_point), low, high);
}

#endif
