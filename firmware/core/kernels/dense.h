/* What the dense layers share: they differ in where multipliers and shifts come from. */
#ifndef THIMBLE_KERNELS_DENSE_H
#define THIMBLE_KERNELS_DENSE_H

#include <stdint.h>

#include "output.h"

typedef struct thimble_dense {
    int32_t input, output, weights, bias, multiplier, shift, scratch;
    int32_t batches, depth, outputs;
    int32_t output_zero_point, activation_min, activation_max;
} thimble_dense;

/* Whether all but multiplier and shift are in memory and apart from the output, and bias is aligned. */
bool thimble_dense_valid(const thimble_dense *dense, const uint8_t *memory, uint32_t memory_bytes);

void thimble_dense_run(const thimble_dense *dense, const thimble_layer *layer, uint8_t *memory);

#endif
