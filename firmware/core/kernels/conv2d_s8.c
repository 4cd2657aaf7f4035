#include "convolve.h"
#include "native.h"

int thimble_conv2d_s8(const thimble_memory *memory, const void *block) {
    const thimble_conv2d_s8_arguments *a = block;
    if (!thimble_convolution_valid(a, memory)) return -1;
    const int32_t terms         = a->kernel_height * a->kernel_width * (a->input_channels / a->groups);
    const thimble_tables tables = {a->weights, a->bias, a->multiplier, a->shift};
    if (!thimble_tables_valid(&tables, a->output_channels, terms, memory)) return -1;
    thimble_convolution_run(a, memory, thimble_block_run);
    return 0;
}
