/*
 * Weights of four bits: sixteen output channels to a word of 64 bits for each term, as conv2d_w4_s8 in
 * assembly/kernels describes them. Codes lie 16 bits apart once they are masked, so that one multiplication
 * makes two products.
 */
#ifndef THIMBLE_KERNELS_PACKED_H
#define THIMBLE_KERNELS_PACKED_H

#include "block.h"

enum {
    THIMBLE_PACKED       = 16,      /* channels of a block; the last block is filled up */
    THIMBLE_PACKED_TERMS = 1 << 16, /* more than these might not fit the sums */
};

/* As thimble_block_run, all channels from `first`, which is 0. Weights lie at a multiple of four bytes. */
void thimble_packed_run(const thimble_layer *layer, int32_t first, int32_t end, const int8_t *weights,
                        const thimble_pixels *pixels);

#endif
