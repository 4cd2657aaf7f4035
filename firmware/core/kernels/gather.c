#include "gather.h"

#include <stddef.h>
#include <string.h>

/*
 * `taps` neighbouring taps from column x of a row of the image on; the padding where they are outside. The
 * row is NULL where all of it is.
 */
static void gather_run(const thimble_window *w, int8_t *to, const int8_t *row, int32_t x, int32_t taps) {
    /* In unsigned arithmetic, as padding may be as large as int32 allows. */
    const uint32_t before = x < 0 ? 0 - (uint32_t)x : 0;
    const uint32_t inside = x < w->input_width ? (uint32_t)w->input_width - (uint32_t)x : 0;
    const int32_t begin   = before < (uint32_t)taps ? (int32_t)before : taps;
    const int32_t end     = inside < (uint32_t)taps ? (int32_t)inside : taps;
    const int32_t depth   = w->depth_bytes;
    if (row == NULL || begin >= end) {
        memset(to, w->padding, (uint32_t)(taps * depth));
        return;
    }
    if (begin > 0) memset(to, w->padding, (uint32_t)(begin * depth));
    if (end < taps) memset(to + end * depth, w->padding, (uint32_t)((taps - end) * depth));
    memcpy(to + begin * depth, row + (x + begin) * w->pixel_bytes, (uint32_t)((end - begin) * depth));
}

void thimble_gather(const thimble_window *w, int8_t *to, const int8_t *image, int32_t top, int32_t left) {
    /* Neighbouring taps of all channels are neighbours in the image too. */
    const int32_t run = w->depth_bytes == w->pixel_bytes && w->dilation_width == 1 ? w->kernel_width : 1;
    for (int32_t ky = 0; ky < w->kernel_height; ky++) {
        const int32_t y     = top + ky * w->dilation_height;
        const int is_inside = y >= 0 && y < w->input_height;
        const int8_t *row   = is_inside ? image + y * w->input_width * w->pixel_bytes : NULL;
        for (int32_t kx = 0; kx < w->kernel_width; kx += run, to += run * w->depth_bytes)
            gather_run(w, to, row, left + kx * w->dilation_width, run);
    }
}
