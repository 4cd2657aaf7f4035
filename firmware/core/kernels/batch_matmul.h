/* What products of int8 and of int16 share: batches of matrices that lie by their strides. */
#ifndef THIMBLE_KERNELS_BATCH_MATMUL_H
#define THIMBLE_KERNELS_BATCH_MATMUL_H

#include "../kernels.h"
#include "arguments.h"

/* A value of the output: of the row that begins at `p` and the column that begins at `q`. */
typedef int32_t (*thimble_batch_matmul_value)(const thimble_batch_matmul_arguments *a, const uint8_t *p,
                                              const uint8_t *q);

/* As thimble_kernel.run, for values of 1 or 2 bytes; those of 2 lie on even addresses. */
int thimble_batch_matmul_run(const thimble_memory *memory, const thimble_batch_matmul_arguments *a,
                             int32_t bytes, thimble_batch_matmul_value value);

#endif
