/* Roots of whole numbers: assembly/kernels/roots.ts. */
#ifndef THIMBLE_KERNELS_ROOTS_H
#define THIMBLE_KERNELS_ROOTS_H

#include <stdint.h>

static inline uint32_t thimble_leading_zeros(uint32_t x) {
#if defined(__GNUC__)
    return x == 0 ? 32 : (uint32_t)__builtin_clz(x);
#else
    uint32_t count = 0;
    while (count < 32 && x >> (31 - count) == 0) count++;
    return count;
#endif
}

static inline uint32_t thimble_leading_zeros64(uint64_t x) {
    const uint32_t high = (uint32_t)(x >> 32);
    return high != 0 ? thimble_leading_zeros(high) : 32 + thimble_leading_zeros((uint32_t)x);
}

/* The greatest integer whose square is not above m; m from 2^30 on. */
static inline uint32_t thimble_floor_root32(uint32_t m) {
    uint32_t root = 23170 + (((m >> 16) * 46341) >> 16);
    root          = (root + m / root) >> 1;
    root          = (root + m / root) >> 1;
    if (root > 0xffff) root = 0xffff;
    return root * root > m ? root - 1 : root;
}

/* The greatest integer whose square is not above x; x from 2^32 on. */
static inline uint64_t thimble_floor_root64(uint64_t x) {
    const uint32_t shift = (33 - thimble_leading_zeros((uint32_t)(x >> 32))) & ~1u;
    const uint64_t upper = (uint64_t)thimble_floor_root32((uint32_t)(x >> shift)) << (shift / 2);
    uint64_t root        = upper + (x - upper * upper) / (upper << 1);
    if (root > UINT32_MAX) root = UINT32_MAX;
    return root * root > x ? root - 1 : root;
}

#endif
