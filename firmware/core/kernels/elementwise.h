/* What add and mul share: operands that broadcast by their strides. */
#ifndef THIMBLE_KERNELS_ELEMENTWISE_H
#define THIMBLE_KERNELS_ELEMENTWISE_H

#include <stdint.h>

/* The first parameters of both kernels. */
typedef struct thimble_elementwise {
    int32_t a, b, output;
    int32_t size[4], a_stride[4], b_stride[4];
} thimble_elementwise;

/* Writes size[3] bytes; `a` and `b` are where the row begins, and go on by their last strides. */
typedef void (*thimble_elementwise_row)(const void *arguments, const int8_t *a, const int8_t *b,
                                        int8_t *output);

/*
 * As thimble_kernel.run; `arguments` begin with a thimble_elementwise. Operands may overlap the output: in
 * memory order each element is read before it is written, as in the twin.
 */
int thimble_elementwise_run(const void *arguments, uint8_t *memory, uint32_t memory_bytes,
                            thimble_elementwise_row row);

#endif
