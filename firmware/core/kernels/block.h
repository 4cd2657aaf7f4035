/*
 * Output channels in blocks of four, whose weights lie as [terms][4]: one pointer walks the weights of four
 * sums, and every value that is loaded is used in all of them. Sums wrap at 32 bits.
 */
#ifndef THIMBLE_KERNELS_BLOCK_H
#define THIMBLE_KERNELS_BLOCK_H

#include <stdint.h>

#include "output.h"

enum { THIMBLE_BLOCK = 4 };

/* Some pixels that a layer reads, a row of inputs each, and writes. */
typedef struct thimble_pixels {
    const int8_t *input;
    int8_t *output;
    int32_t count;
    int32_t input_stride, output_stride; /* bytes from one pixel to the next */
} thimble_pixels;

/*
 * Computes output channels `first` to `end` of the layer at all pixels. Their weights are blocks one behind
 * the other, [terms][4] each, the last one [terms][channels that are left].
 */
void thimble_block_run(const thimble_layer *layer, int32_t first, int32_t end, const int8_t *weights,
                       const thimble_pixels *pixels);

#endif
