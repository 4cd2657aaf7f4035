#include "gather.h"
#include "native.h"
#include "wide.h"

typedef thimble_conv2d_s16_arguments arguments;

static bool is_pointwise(const arguments *a) {
    return a->kernel_height == 1 && a->kernel_width == 1 && a->stride_height == 1 && a->stride_width == 1 &&
           a->groups == 1 && a->pad_top == 0 && a->pad_left == 0 && a->output_height == a->input_height &&
           a->output_width == a->input_width;
}

/* A pointwise convolution reads its inputs where they lie, unless its output is put there. */
static bool reads_in_place(const arguments *a) { return is_pointwise(a) && a->output != a->input; }

static bool spans_valid(const arguments *a, int32_t terms, const thimble_memory *memory) {
    const int32_t inputs = a->input_channels * 2, outputs = a->output_channels * 2;
    const thimble_span scratch = {a->scratch, thimble_volume(terms, 2, 1, 1)};
    const thimble_span output  = {a->output,
                                  thimble_volume(a->batches, a->output_height, a->output_width, outputs)};
    const thimble_span input   = {a->input,
                                  thimble_volume(a->batches, a->input_height, a->input_width, inputs)};
    if (reads_in_place(a)) return thimble_apart(output, input, memory);
    if (!thimble_apart(scratch, input, memory) || !thimble_apart(scratch, output, memory)) return false;
    if (a->output != a->input) return thimble_apart(output, input, memory);
    /* Pixels are written behind those that are still to be read. */
    return is_pointwise(a) && a->output_channels <= a->input_channels;
}

static bool is_aligned(const arguments *a, const thimble_memory *memory) {
    return thimble_even(thimble_at(memory, a->input)) && thimble_even(thimble_at(memory, a->output)) &&
           (reads_in_place(a) || thimble_even(thimble_at(memory, a->scratch)));
}

static bool arguments_valid(const arguments *a, thimble_wide_layer *layer, const thimble_memory *memory) {
    const thimble_tables tables = {a->weights, a->bias, a->multiplier, a->shift};
    return thimble_axis_valid(a->input_height, a->output_height, a->kernel_height, a->stride_height,
                              a->dilation_height, a->pad_top) &&
           thimble_axis_valid(a->input_width, a->output_width, a->kernel_width, a->stride_width,
                              a->dilation_width, a->pad_left) &&
           spans_valid(a, layer->terms, memory) && is_aligned(a, memory) &&
           thimble_wide_tables(layer, &tables, a->output_channels, 1, memory);
}

static thimble_window window_of(const arguments *a) {
    return (thimble_window){
        .input_height    = a->input_height,
        .input_width     = a->input_width,
        .pixel_bytes     = 2 * a->input_channels,
        .depth_bytes     = 2 * (a->input_channels / a->groups),
        .kernel_height   = a->kernel_height,
        .kernel_width    = a->kernel_width,
        .dilation_height = a->dilation_height,
        .dilation_width  = a->dilation_width,
    };
}

/* All groups of the pixel at (y, x). */
static void pixel_write(const arguments *a, const thimble_wide_layer *layer, const thimble_memory *memory,
                        const uint8_t *image, const int32_t *position, uint8_t *output) {
    const thimble_window window = window_of(a);
    const int32_t count         = a->output_channels / a->groups;
    const int32_t top           = position[0] * a->stride_height - a->pad_top;
    const int32_t left          = position[1] * a->stride_width - a->pad_left;
    const int8_t *filters       = (const int8_t *)thimble_at(memory, a->weights);
    uint8_t *const scratch      = memory->written + a->scratch;
    for (int32_t group = 0; group < a->groups; group++) {
        const int8_t *inputs = (const int8_t *)image + group * window.depth_bytes;
        thimble_gather(&window, (int8_t *)scratch, inputs, top, left);
        thimble_wide_pixel(layer, scratch, filters, group * count, count, output);
        filters += count * layer->terms;
        output += 2 * count;
    }
}

static void image_write(const arguments *a, const thimble_wide_layer *layer, const thimble_memory *memory,
                        const uint8_t *image, uint8_t *output) {
    int32_t position[2];
    for (position[0] = 0; position[0] < a->output_height; position[0]++)
        for (position[1] = 0; position[1] < a->output_width; position[1]++, output += 2 * a->output_channels)
            pixel_write(a, layer, memory, image, position, output);
}

int thimble_conv2d_s16(const thimble_memory *memory, const void *block) {
    const arguments *a = block;
    if (a->groups < 1 || a->input_channels % a->groups != 0 || a->output_channels % a->groups != 0) return -1;
    /* THIMBLE_NO_FIT is -1 here, which fits nothing again. */
    const uint32_t terms =
        thimble_volume(a->kernel_height, a->kernel_width, a->input_channels / a->groups, 1);
    thimble_wide_layer layer = {
        .step         = a->factor_step,
        .terms        = (int32_t)terms,
        .low          = a->activation_min,
        .high         = a->activation_max,
        .output_bytes = 2,
        .is_narrow    = a->narrow_sums != 0,
    };
    if (!arguments_valid(a, &layer, memory)) return -1;
    const uint8_t *input = thimble_at(memory, a->input);
    uint8_t *output      = memory->written + a->output;
    const int32_t pixels = a->output_height * a->output_width;
    for (int32_t batch = 0; batch < a->batches && !reads_in_place(a); batch++) {
        image_write(a, &layer, memory, input, output);
        input += a->input_height * a->input_width * a->input_channels * 2;
        output += pixels * a->output_channels * 2;
    }
    for (int32_t i = 0; i < pixels * a->batches && reads_in_place(a); i++) {
        const int8_t *weights = (const int8_t *)thimble_at(memory, a->weights);
        thimble_wide_pixel(&layer, input, weights, 0, a->output_channels, output);
        input += a->input_channels * 2;
        output += a->output_channels * 2;
    }
    return 0;
}
