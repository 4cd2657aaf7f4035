/* What add and mul share: operands that broadcast by their strides. */
#ifndef THIMBLE_KERNELS_ELEMENTWISE_H
#define THIMBLE_KERNELS_ELEMENTWISE_H

#include <stdint.h>

#include "../kernels.h"

/* The first fields of both blocks. */
typedef struct thimble_elementwise {
    uint32_t a, b, output;
    int32_t size[4], a_stride[4], b_stride[4];
} thimble_elementwise;

/* Writes size[3] values; `a` and `b` are where the row begins, and go on by their last strides. */
typedef void (*thimble_elementwise_row)(const void *arguments, const int8_t *a, const int8_t *b,
                                        int8_t *output);

/*
 * As thimble_kernel.run; the block begins with a thimble_elementwise. A value has 1, 2 or 4 bytes, and lies
 * on a multiple of its size. Operands may overlap the output: in memory order each value is read before it is
 * written, as in the twin.
 */
int thimble_elementwise_run(const thimble_memory *memory, const void *block, int32_t bytes,
                            thimble_elementwise_row row);

#endif
