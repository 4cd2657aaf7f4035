#include "convolve.h"
#include "native.h"
#include "packed.h"

/* Tables by channel are checked as those of one term, weights by themselves. */
static bool tables_valid(const thimble_conv2d_s8_arguments *a, int32_t terms, const thimble_memory *memory) {
    const thimble_tables tables = {a->weights, a->bias, a->multiplier, a->shift};
    const int32_t blocks        = (a->output_channels + THIMBLE_PACKED - 1) / THIMBLE_PACKED;
    const thimble_span weights  = {a->weights, thimble_volume(blocks, terms, 8, 1)};
    return thimble_constant(weights, memory) && thimble_load_valid(thimble_at(memory, a->weights)) &&
           thimble_tables_valid(&tables, a->output_channels, 1, memory);
}

int thimble_conv2d_w4_s8(const thimble_memory *memory, const void *block) {
    const thimble_conv2d_s8_arguments *a = block;
    if (a->groups != 1 || !thimble_convolution_valid(a, memory)) return -1;
    const int32_t terms = a->kernel_height * a->kernel_width * a->input_channels;
    if (terms > THIMBLE_PACKED_TERMS || !tables_valid(a, terms, memory)) return -1;
    thimble_convolution_run(a, memory, thimble_packed_run);
    return 0;
}
