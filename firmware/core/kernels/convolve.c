#include "convolve.h"

#include "gather.h"

typedef thimble_conv2d_s8_arguments arguments;

/* One output pixel after the other. */
struct position {
    int32_t batch, y, x;
};

static bool is_pointwise(const arguments *a) {
    return a->kernel_height == 1 && a->kernel_width == 1 && a->stride_height == 1 && a->stride_width == 1 &&
           a->groups == 1 && a->pad_top == 0 && a->pad_left == 0 && a->output_height == a->input_height &&
           a->output_width == a->input_width;
}

/* A pointwise convolution reads its inputs where they lie, unless its output is put there. */
static bool reads_in_place(const arguments *a) { return is_pointwise(a) && a->output != a->input; }

static bool spans_valid(const arguments *a, int32_t terms, const thimble_memory *memory) {
    const thimble_span scratch = {a->scratch, thimble_volume(a->tile, terms, 1, 1)};
    const thimble_span output  = {
        a->output, thimble_volume(a->batches, a->output_height, a->output_width, a->output_channels)};
    const thimble_span input = {
        a->input, thimble_volume(a->batches, a->input_height, a->input_width, a->input_channels)};
    if (reads_in_place(a)) return thimble_apart(output, input, memory);
    if (!thimble_apart(scratch, input, memory) || !thimble_apart(scratch, output, memory)) return false;
    if (a->output != a->input) return thimble_apart(output, input, memory);
    /* Pixels are written behind those that are still to be read. */
    return is_pointwise(a) && a->output_channels <= a->input_channels;
}

bool thimble_convolution_valid(const arguments *a, const thimble_memory *memory) {
    if (a->groups < 1) return false;
    if (a->input_channels % a->groups != 0 || a->output_channels % a->groups != 0) return false;
    /* THIMBLE_NO_FIT is -1 here, which fits nothing again. */
    const int32_t depth = a->input_channels / a->groups;
    const int32_t terms = (int32_t)thimble_volume(a->kernel_height, a->kernel_width, depth, 1);
    return spans_valid(a, terms, memory) &&
           thimble_axis_valid(a->input_height, a->output_height, a->kernel_height, a->stride_height,
                              a->dilation_height, a->pad_top) &&
           thimble_axis_valid(a->input_width, a->output_width, a->kernel_width, a->stride_width,
                              a->dilation_width, a->pad_left);
}

static thimble_window window_of(const arguments *a) {
    return (thimble_window){
        .input_height    = a->input_height,
        .input_width     = a->input_width,
        .pixel_bytes     = a->input_channels,
        .depth_bytes     = a->input_channels / a->groups,
        .kernel_height   = a->kernel_height,
        .kernel_width    = a->kernel_width,
        .dilation_height = a->dilation_height,
        .dilation_width  = a->dilation_width,
        .padding         = a->input_zero_point,
    };
}

/* Gathers one group's inputs of `count` pixels from `at` on; returns with the position behind them. */
static struct position gather_pixels(const arguments *a, int8_t *to, const int8_t *input, struct position at,
                                     int32_t count, int32_t terms) {
    const thimble_window window = window_of(a);
    const int32_t image_bytes   = a->input_height * a->input_width * a->input_channels;
    for (; count > 0; count--, to += terms) {
        const int32_t top  = at.y * a->stride_height - a->pad_top;
        const int32_t left = at.x * a->stride_width - a->pad_left;
        thimble_gather(&window, to, input + at.batch * image_bytes, top, left);
        if (++at.x < a->output_width) continue;
        at.x = 0;
        if (++at.y < a->output_height) continue;
        at.y = 0;
        at.batch++;
    }
    return at;
}

/* Tile by tile: all inputs of a tile are gathered before the first of its outputs is written. */
static void tiles_write(const arguments *a, const thimble_layer *layer, const thimble_memory *memory,
                        int32_t pixel_count, thimble_run *run) {
    const int32_t depth = a->input_channels / a->groups, outputs = a->output_channels / a->groups;
    const int32_t terms   = layer->terms;
    const int32_t tile    = a->tile < THIMBLE_BLOCK ? a->tile : a->tile & -THIMBLE_BLOCK;
    const int8_t *weights = (const int8_t *)thimble_at(memory, a->weights);
    int8_t *scratch       = (int8_t *)memory->written + a->scratch;
    thimble_pixels pixels = {scratch, (int8_t *)memory->written + a->output, tile, terms, a->output_channels};
    struct position at    = {0, 0, 0};
    for (int32_t left = pixel_count; left > 0; left -= tile) {
        if (left < tile) pixels.count = left;
        struct position next = at;
        for (int32_t group = 0; group < a->groups; group++) {
            const int8_t *input = (const int8_t *)thimble_at(memory, a->input) + group * depth;
            const int32_t first = group * outputs;
            next                = gather_pixels(a, scratch, input, at, pixels.count, terms);
            run(layer, first, first + outputs, weights + first * terms, &pixels);
        }
        at = next;
        pixels.output += pixels.count * a->output_channels;
    }
}

void thimble_convolution_run(const arguments *a, const thimble_memory *memory, thimble_run *run) {
    thimble_layer layer = {
        .bias       = thimble_at(memory, a->bias),
        .multiplier = thimble_at(memory, a->multiplier),
        .shift      = (const int8_t *)thimble_at(memory, a->shift),
        .step       = 1,
        .terms      = a->kernel_height * a->kernel_width * (a->input_channels / a->groups),
        .zero_point = a->output_zero_point,
        .low        = a->activation_min,
        .high       = a->activation_max,
    };
    thimble_layer_prepare(&layer);
    const int32_t pixel_count = a->batches * a->output_height * a->output_width;
    if (!reads_in_place(a)) {
        tiles_write(a, &layer, memory, pixel_count, run);
        return;
    }
    const thimble_pixels pixels = {(const int8_t *)thimble_at(memory, a->input),
                                   (int8_t *)memory->written + a->output, pixel_count, a->input_channels,
                                   a->output_channels};
    run(&layer, 0, a->output_channels, (const int8_t *)thimble_at(memory, a->weights), &pixels);
}
