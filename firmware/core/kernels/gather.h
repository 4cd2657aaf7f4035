/* The inputs under a convolution's window, next to each other. */
#ifndef THIMBLE_KERNELS_GATHER_H
#define THIMBLE_KERNELS_GATHER_H

#include <stdint.h>

/* A window over an image, of whose pixels' bytes a group's inputs take `depth_bytes`. */
typedef struct thimble_window {
    int32_t input_height, input_width, pixel_bytes, depth_bytes;
    int32_t kernel_height, kernel_width, dilation_height, dilation_width;
    int8_t padding; /* each byte of what lies outside */
} thimble_window;

/*
 * The inputs under one position of the window, [kernel height][kernel width][depth] at `to`. `image` is the
 * first of the group's inputs in pixel (0, 0); top and left are negative inside of the padding.
 */
void thimble_gather(const thimble_window *window, int8_t *to, const int8_t *image, int32_t top, int32_t left);

#endif
