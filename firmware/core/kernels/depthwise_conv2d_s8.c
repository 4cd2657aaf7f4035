#include "block.h"
#include "check.h"
#include "fixed.h"
#include "native.h"
#include "window.h"

struct arguments {
    int32_t input, output, weights, bias, multiplier, shift;
    int32_t batches, input_height, input_width, input_channels;
    int32_t output_height, output_width, depth_multiplier, kernel_height, kernel_width;
    int32_t stride_height, stride_width, dilation_height, dilation_width, pad_top, pad_left;
    int32_t input_zero_point, output_zero_point, activation_min, activation_max;
};

static bool arguments_valid(const struct arguments *a, const uint8_t *memory, uint32_t memory_bytes) {
    /* THIMBLE_NO_FIT is -1 here, which fits nothing again. */
    const int32_t channels = (int32_t)thimble_volume(a->input_channels, a->depth_multiplier, 1, 1);
    const thimble_span spans[] = {
        {a->output, thimble_volume(a->batches, a->output_height, a->output_width, channels)},
        {a->input, thimble_volume(a->batches, a->input_height, a->input_width, a->input_channels)},
        {a->weights, thimble_volume(a->kernel_height, a->kernel_width, channels, 1)},
        {a->bias, thimble_volume(channels, 4, 1, 1)},
        {a->multiplier, thimble_volume(channels, 4, 1, 1)},
        {a->shift, thimble_volume(channels, 1, 1, 1)},
    };
    return thimble_inside_apart(spans, sizeof spans / sizeof spans[0], memory_bytes) &&
           thimble_axis_valid(a->input_height, a->output_height, a->kernel_height, a->stride_height,
                              a->dilation_height, a->pad_top) &&
           thimble_axis_valid(a->input_width, a->output_width, a->kernel_width, a->stride_width,
                              a->dilation_width, a->pad_left) &&
           thimble_channels_valid(memory, a->bias, a->multiplier, a->shift, channels);
}

/* `plane` and `weights` begin at the channel in question. */
static uint32_t window_sum(const struct arguments *a, const thimble_window *at, const int8_t *plane,
                           const int8_t *weights, int32_t channels) {
    uint32_t sum = 0;
    for (int32_t ky = at->rows.begin; ky < at->rows.end; ky++) {
        const int32_t row = (at->top + ky * a->dilation_height) * a->input_width;
        for (int32_t kx = at->columns.begin; kx < at->columns.end; kx++) {
            const int32_t pixel = (row + at->left + kx * a->dilation_width) * a->input_channels;
            const int32_t tap = (ky * a->kernel_width + kx) * channels;
            sum += ((uint32_t)plane[pixel] - (uint32_t)a->input_zero_point) * (uint32_t)weights[tap];
        }
    }
    return sum;
}

static int8_t to_output(const struct arguments *a, const uint8_t *memory, int32_t channel, uint32_t sum) {
    const int32_t total = (int32_t)((uint32_t)thimble_load(memory + a->bias, channel) + sum);
    const int32_t factor = thimble_load(memory + a->multiplier, channel);
    const int32_t shift = ((const int8_t *)memory + a->shift)[channel];
    return thimble_to_output(thimble_requantize(total, factor, shift), a->output_zero_point,
                             a->activation_min, a->activation_max);
}

/* Four neighbouring channels of their own at one position: the loops over the taps are shared. */
static void block_write(const struct arguments *a, const thimble_window *at, const int8_t *image,
                        int8_t *output, const uint8_t *memory, int32_t channel) {
    const int8_t *weights = (const int8_t *)memory + a->weights + channel;
    const int32_t channels = a->input_channels, zero_point = a->input_zero_point;
    const int32_t columns = at->columns.end - at->columns.begin;
    /* With more than one tap inside, the dilation is smaller than the image. */
    const int32_t step = columns > 1 ? a->dilation_width * channels : 0;
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (int32_t ky = at->rows.begin; columns > 0 && ky < at->rows.end; ky++) {
        const int32_t row = (at->top + ky * a->dilation_height) * a->input_width;
        const int32_t column = at->left + at->columns.begin * a->dilation_width;
        const int8_t *x = image + (row + column) * channels + channel;
        const int8_t *w = weights + (ky * a->kernel_width + at->columns.begin) * channels;
        for (int32_t taps = columns;; taps--) {
            s0 += w[0] * (x[0] - zero_point);
            s1 += w[1] * (x[1] - zero_point);
            s2 += w[2] * (x[2] - zero_point);
            s3 += w[3] * (x[3] - zero_point);
            if (taps == 1) break; /* the next tap's place may be outside of the image */
            x += step;
            w += channels;
        }
    }
    output[channel] = to_output(a, memory, channel, (uint32_t)s0);
    output[channel + 1] = to_output(a, memory, channel + 1, (uint32_t)s1);
    output[channel + 2] = to_output(a, memory, channel + 2, (uint32_t)s2);
    output[channel + 3] = to_output(a, memory, channel + 3, (uint32_t)s3);
}

/* All output channels at one position. */
static void pixel_write(const struct arguments *a, const thimble_window *at, const int8_t *image,
                        int8_t *output, const uint8_t *memory) {
    const int8_t *weights = (const int8_t *)memory + a->weights;
    const int32_t channels = a->input_channels * a->depth_multiplier;
    const int32_t taps = a->kernel_height * a->kernel_width;
    const bool in_blocks = a->depth_multiplier == 1 && thimble_block_fits(taps, a->input_zero_point);
    int32_t channel = 0;
    for (; in_blocks && channel + THIMBLE_BLOCK <= channels; channel += THIMBLE_BLOCK)
        block_write(a, at, image, output, memory, channel);
    for (; channel < channels; channel++) {
        const int8_t *plane = image + channel / a->depth_multiplier;
        const uint32_t sum = window_sum(a, at, plane, weights + channel, channels);
        output[channel] = to_output(a, memory, channel, sum);
    }
}

int thimble_depthwise_conv2d_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes) {
    const struct arguments *a = (const struct arguments *)arguments;
    if (!arguments_valid(a, memory, memory_bytes)) return -1;
    const int8_t *image = (const int8_t *)memory + a->input;
    int8_t *output = (int8_t *)memory + a->output;
    for (int32_t batch = 0; batch < a->batches; batch++) {
        for (int32_t y = 0; y < a->output_height; y++) {
            thimble_window at = {.top = y * a->stride_height - a->pad_top};
            at.rows = thimble_taps_inside(at.top, a->dilation_height, a->kernel_height, a->input_height);
            for (int32_t x = 0; x < a->output_width; x++) {
                at.left = x * a->stride_width - a->pad_left;
                at.columns = thimble_taps_inside(at.left, a->dilation_width, a->kernel_width, a->input_width);
                pixel_write(a, &at, image, output, memory);
                output += a->input_channels * a->depth_multiplier;
            }
        }
        image += a->input_height * a->input_width * a->input_channels;
    }
    return 0;
}
