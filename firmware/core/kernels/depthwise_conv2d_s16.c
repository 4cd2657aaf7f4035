#include "native.h"
#include "wide.h"

typedef thimble_depthwise_conv2d_s16_arguments arguments;

enum { MOST_COLUMNS = 256 }; /* of a window: products of int16 and int8 whose sum fits an int32 */

static bool spans_valid(const arguments *a, int32_t channels, const thimble_memory *memory) {
    const thimble_span output = {a->output,
                                 thimble_volume(a->batches, a->output_height, a->output_width, 2 * channels)};
    const thimble_span input  = {
        a->input, thimble_volume(a->batches, a->input_height, a->input_width, 2 * a->input_channels)};
    return thimble_apart(output, input, memory) && thimble_even(thimble_at(memory, a->input)) &&
           thimble_even(thimble_at(memory, a->output));
}

static bool arguments_valid(const arguments *a, thimble_wide_layer *layer, const thimble_memory *memory) {
    const thimble_tables tables = {a->weights, a->bias, a->multiplier, a->shift};
    const uint32_t channels     = thimble_volume(a->input_channels, a->depth_multiplier, 1, 1);
    return channels <= INT32_MAX / 2 && a->kernel_width <= MOST_COLUMNS &&
           thimble_axis_valid(a->input_height, a->output_height, a->kernel_height, a->stride_height,
                              a->dilation_height, a->pad_top) &&
           thimble_axis_valid(a->input_width, a->output_width, a->kernel_width, a->stride_width,
                              a->dilation_width, a->pad_left) &&
           spans_valid(a, (int32_t)channels, memory) &&
           thimble_wide_tables(layer, &tables, (int32_t)channels, 1, memory);
}

/* The taps of an axis that lie in the image. */
struct taps {
    int32_t begin, end;
    int32_t first; /* where the first of them is */
};

static struct taps clip(int32_t start, int32_t size, int32_t kernel, int32_t dilation) {
    struct taps taps = {0, 0, 0};
    while (taps.begin < kernel && start + taps.begin * dilation < 0) taps.begin++;
    taps.end = taps.begin;
    while (taps.end < kernel && start + taps.end * dilation < size) taps.end++;
    taps.first = start + taps.begin * dilation;
    return taps;
}

/* What is the same for all channels of an output pixel. */
struct pixel {
    struct taps rows, columns;
    int32_t channels;
    const uint8_t *input; /* the pixel under the first tap */
    const int8_t *weights;
};

static int64_t window_sum(const arguments *a, const struct pixel *pixel, int32_t image_channel,
                          int32_t channel) {
    const int32_t column_step = a->dilation_width * a->input_channels * 2;
    const int32_t row_step    = a->dilation_height * a->input_width * a->input_channels * 2;
    const uint8_t *row        = pixel->input + 2 * image_channel;
    const int8_t *weights     = pixel->weights + channel;
    int64_t sum               = 0;
    for (int32_t ky = pixel->rows.begin; ky < pixel->rows.end; ky++) {
        const uint8_t *value = row;
        const int8_t *tap    = weights;
        int32_t part         = 0;
        for (int32_t kx = pixel->columns.begin; kx < pixel->columns.end; kx++) {
            part += thimble_load_s16(value) * *tap;
            value += column_step;
            tap += pixel->channels;
        }
        sum += part;
        row += row_step;
        weights += a->kernel_width * pixel->channels;
    }
    return sum;
}

static uint8_t *pixel_write(const arguments *a, const thimble_wide_layer *layer, const struct pixel *pixel,
                            uint8_t *output) {
    int32_t channel = 0;
    for (int32_t image_channel = 0; image_channel < a->input_channels; image_channel++) {
        for (int32_t i = 0; i < a->depth_multiplier; i++, channel++) {
            const int64_t sum = window_sum(a, pixel, image_channel, channel);
            output            = thimble_wide_store(layer, output, thimble_wide_value(layer, channel, sum));
        }
    }
    return output;
}

static uint8_t *row_write(const arguments *a, const thimble_wide_layer *layer, struct taps rows,
                          const uint8_t *image, const int8_t *weights, uint8_t *output) {
    struct pixel pixel = {.channels = a->input_channels * a->depth_multiplier};
    for (int32_t x = 0; x < a->output_width; x++) {
        pixel.rows = rows;
        pixel.columns =
            clip(x * a->stride_width - a->pad_left, a->input_width, a->kernel_width, a->dilation_width);
        pixel.input   = image;
        pixel.weights = weights;
        if (rows.begin < rows.end && pixel.columns.begin < pixel.columns.end) {
            pixel.input += (rows.first * a->input_width + pixel.columns.first) * a->input_channels * 2;
            pixel.weights += (rows.begin * a->kernel_width + pixel.columns.begin) * pixel.channels;
        } else {
            pixel.rows.end = rows.begin; // nothing but padding
        }
        output = pixel_write(a, layer, &pixel, output);
    }
    return output;
}

int thimble_depthwise_conv2d_s16(const thimble_memory *memory, const void *block) {
    const arguments *a       = block;
    thimble_wide_layer layer = {
        .step         = a->factor_step,
        .terms        = (int32_t)thimble_volume(a->kernel_height, a->kernel_width, 1, 1),
        .low          = a->activation_min,
        .high         = a->activation_max,
        .output_bytes = 2,
    };
    if (!arguments_valid(a, &layer, memory)) return -1;
    const int8_t *weights = (const int8_t *)thimble_at(memory, a->weights);
    const uint8_t *image  = thimble_at(memory, a->input);
    uint8_t *output       = memory->written + a->output;
    for (int32_t batch = 0; batch < a->batches; batch++) {
        for (int32_t y = 0; y < a->output_height; y++) {
            const struct taps rows = clip(y * a->stride_height - a->pad_top, a->input_height,
                                          a->kernel_height, a->dilation_height);
            output                 = row_write(a, &layer, rows, image, weights, output);
        }
        image += a->input_height * a->input_width * a->input_channels * 2;
    }
    return 0;
}
