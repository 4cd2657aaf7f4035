/* What the dense layers share: they differ in where multipliers and shifts come from. */
#ifndef THIMBLE_KERNELS_DENSE_H
#define THIMBLE_KERNELS_DENSE_H

#include "output.h"

/* Where a dense layer reads and writes. */
typedef struct thimble_dense {
    uint32_t input, output, weights;
    int32_t batches, depth, outputs;
} thimble_dense;

/* Whether input and output are in memory, and apart. */
bool thimble_dense_valid(const thimble_dense *dense, const thimble_memory *memory);

void thimble_dense_run(const thimble_dense *dense, const thimble_layer *layer, const thimble_memory *memory);

#endif
