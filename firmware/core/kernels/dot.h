#ifndef THIMBLE_KERNELS_DOT_H
#define THIMBLE_KERNELS_DOT_H

#include <stdint.h>

/* Sum of a[i] * b[i], modulo 2^32. */
static inline uint32_t thimble_dot(const int8_t *a, const int8_t *b, int32_t length) {
    uint32_t sum = 0;
    for (int32_t i = 0; i < length; i++) sum += (uint32_t)(a[i] * b[i]);
    return sum;
}

#endif
