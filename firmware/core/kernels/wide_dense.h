/* What the dense layers of int16 share: they differ in the types of inputs and weights. */
#ifndef THIMBLE_KERNELS_WIDE_DENSE_H
#define THIMBLE_KERNELS_WIDE_DENSE_H

#include "wide.h"

/* Where a dense layer reads and writes, and the bytes of its values. */
typedef struct thimble_wide_dense {
    uint32_t input, output;
    int32_t batches, outputs;
    int32_t input_bytes, weight_bytes;
} thimble_wide_dense;

/* Whether all lies in memory, apart, and aligned as its types need; fills in the tables of `layer`. */
bool thimble_wide_dense_valid(const thimble_wide_dense *dense, thimble_wide_layer *layer,
                              const thimble_tables *tables, const thimble_memory *memory);

#endif
