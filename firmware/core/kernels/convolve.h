/* Convolutions of int8 values: what does not depend on how weights are stored. */
#ifndef THIMBLE_KERNELS_CONVOLVE_H
#define THIMBLE_KERNELS_CONVOLVE_H

#include "arguments.h"
#include "block.h"
#include "check.h"

/* Computes channels `first` to `end` of a layer at some pixels, with the weights of the first of them. */
typedef void thimble_run(const thimble_layer *layer, int32_t first, int32_t end, const int8_t *weights,
                         const thimble_pixels *pixels);

/* Whether all arguments but the tables are right: weights, bias, multipliers and shifts. */
bool thimble_convolution_valid(const thimble_conv2d_s8_arguments *a, const thimble_memory *memory);

/* Gathers tile by tile, where inputs do not lie as they are needed; weights of a group are one byte each. */
void thimble_convolution_run(const thimble_conv2d_s8_arguments *a, const thimble_memory *memory,
                             thimble_run *run);

#endif
