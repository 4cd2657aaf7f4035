/* Windows that slide over an image: what convolutions share. */
#ifndef THIMBLE_KERNELS_WINDOW_H
#define THIMBLE_KERNELS_WINDOW_H

#include <stdint.h>

/* The taps of a window along one axis that lie inside the image: begin <= tap < end. */
typedef struct thimble_taps {
    int32_t begin, end;
} thimble_taps;

/* `first` is the coordinate of tap 0. Most windows lie inside, so both loops end at their first test. */
static inline thimble_taps thimble_taps_inside(int32_t first, int32_t dilation, int32_t kernel,
                                               int32_t size) {
    thimble_taps taps = {0, kernel};
    while (taps.begin < kernel && first + taps.begin * dilation < 0) taps.begin++;
    while (taps.end > taps.begin && first + (taps.end - 1) * dilation >= size) taps.end--;
    return taps;
}

/* Where a window lies. */
typedef struct thimble_window {
    int32_t top, left; /* input coordinates of its first tap; in the padding they are negative */
    thimble_taps rows, columns;
} thimble_window;

#endif
