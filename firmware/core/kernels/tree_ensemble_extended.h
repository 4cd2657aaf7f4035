/* What kernels of forests with long splits share. */
#ifndef THIMBLE_KERNELS_TREE_ENSEMBLE_EXTENDED_H
#define THIMBLE_KERNELS_TREE_ENSEMBLE_EXTENDED_H

#include <stdbool.h>
#include <stdint.h>

/* Whether a bit of a mask of so many bytes is set; outside the mask none is. */
static inline bool thimble_tree_is_member(uint32_t bit, const uint8_t *mask, uint32_t bytes) {
    return bit < 8 * bytes && (mask[bit >> 3] >> (bit & 7) & 1) != 0;
}

#endif
