/* Parts that int16 kernels share. Their tensors lie on even addresses, which a load or store needs. */
#ifndef THIMBLE_KERNELS_WIDE_H
#define THIMBLE_KERNELS_WIDE_H

#include "check.h"

static inline int16_t thimble_load_s16(const uint8_t *at) { return *(const int16_t *)(const void *)at; }

static inline void thimble_store_s16(uint8_t *at, int32_t value) { *(int16_t *)(void *)at = (int16_t)value; }

static inline bool thimble_even(const uint8_t *at) { return (uintptr_t)at % sizeof(int16_t) == 0; }

/* A kernel of one input and one output, `length` values each, of so many bytes. */
typedef struct thimble_unary {
    uint32_t input, output;
    int32_t length;
    int32_t input_bytes, output_bytes;
} thimble_unary;

/* Where its values are read and written; they may overlap, as for the twin, which goes from first to last. */
typedef struct thimble_values {
    const uint8_t *from;
    uint8_t *to;
} thimble_values;

/* Whether both lie in memory, those of int16 on even addresses. */
bool thimble_unary_values(const thimble_unary *unary, const thimble_memory *memory, thimble_values *values);

#endif
