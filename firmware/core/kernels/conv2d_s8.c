#include "check.h"
#include "fixed.h"
#include "native.h"
#include "window.h"

struct arguments {
    int32_t input, output, weights, bias, multiplier, shift;
    int32_t batches, input_height, input_width, input_channels;
    int32_t output_height, output_width, output_channels;
    int32_t kernel_height, kernel_width, groups;
    int32_t stride_height, stride_width, dilation_height, dilation_width, pad_top, pad_left;
    int32_t input_zero_point, output_zero_point, activation_min, activation_max;
};

/* The part of the work that belongs to one group of channels. */
struct group {
    int32_t inputs, outputs; /* channels */
    int32_t filter_bytes;    /* of one output channel */
};

static bool arguments_valid(const struct arguments *a, const uint8_t *memory, uint32_t memory_bytes) {
    if (a->groups < 1) return false;
    if (a->input_channels % a->groups != 0 || a->output_channels % a->groups != 0) return false;
    /* THIMBLE_NO_FIT is -1 here, which fits nothing again. */
    const int32_t depth = a->input_channels / a->groups;
    const int32_t filter = (int32_t)thimble_volume(a->kernel_height, a->kernel_width, depth, 1);
    const thimble_span spans[] = {
        {a->output, thimble_volume(a->batches, a->output_height, a->output_width, a->output_channels)},
        {a->input, thimble_volume(a->batches, a->input_height, a->input_width, a->input_channels)},
        {a->weights, thimble_volume(a->output_channels, filter, 1, 1)},
        {a->bias, thimble_volume(a->output_channels, 4, 1, 1)},
        {a->multiplier, thimble_volume(a->output_channels, 4, 1, 1)},
        {a->shift, thimble_volume(a->output_channels, 1, 1, 1)},
    };
    return thimble_inside_apart(spans, sizeof spans / sizeof spans[0], memory_bytes) &&
           thimble_axis_valid(a->input_height, a->output_height, a->kernel_height, a->stride_height,
                              a->dilation_height, a->pad_top) &&
           thimble_axis_valid(a->input_width, a->output_width, a->kernel_width, a->stride_width,
                              a->dilation_width, a->pad_left) &&
           thimble_channels_valid(memory, a->bias, a->multiplier, a->shift, a->output_channels);
}

static uint32_t dot(const int8_t *input, const int8_t *weights, int32_t length, uint32_t zero_point) {
    uint32_t sum = 0;
    for (int32_t i = 0; i < length; i++) sum += ((uint32_t)input[i] - zero_point) * (uint32_t)weights[i];
    return sum;
}

/* `image` begins at the first channel of the group. */
static uint32_t window_sum(const struct arguments *a, const thimble_window *at, const int8_t *image,
                           const int8_t *filter, int32_t depth) {
    uint32_t sum = 0;
    for (int32_t ky = at->rows.begin; ky < at->rows.end; ky++) {
        const int32_t row = (at->top + ky * a->dilation_height) * a->input_width;
        for (int32_t kx = at->columns.begin; kx < at->columns.end; kx++) {
            const int32_t pixel = (row + at->left + kx * a->dilation_width) * a->input_channels;
            const int32_t tap = (ky * a->kernel_width + kx) * depth;
            sum += dot(image + pixel, filter + tap, depth, (uint32_t)a->input_zero_point);
        }
    }
    return sum;
}

/* All output channels at one position. */
static void pixel_write(const struct arguments *a, const struct group *group, const thimble_window *at,
                        const int8_t *image, int8_t *output, const uint8_t *memory) {
    const int8_t *filter = (const int8_t *)memory + a->weights;
    const uint8_t *bias = memory + a->bias, *multiplier = memory + a->multiplier;
    const int8_t *shift = (const int8_t *)memory + a->shift;
    for (int32_t channel = 0; channel < a->output_channels; image += group->inputs) {
        for (const int32_t end = channel + group->outputs; channel < end; channel++) {
            const uint32_t sum = window_sum(a, at, image, filter, group->inputs);
            const int32_t total = (int32_t)((uint32_t)thimble_load(bias, channel) + sum);
            const int32_t factor = thimble_load(multiplier, channel);
            output[channel] = thimble_to_output(thimble_requantize(total, factor, shift[channel]),
                                                a->output_zero_point, a->activation_min, a->activation_max);
            filter += group->filter_bytes;
        }
    }
}

int thimble_conv2d_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes) {
    const struct arguments *a = (const struct arguments *)arguments;
    if (!arguments_valid(a, memory, memory_bytes)) return -1;
    const int32_t depth = a->input_channels / a->groups;
    const struct group group = {
        .inputs = depth,
        .outputs = a->output_channels / a->groups,
        .filter_bytes = a->kernel_height * a->kernel_width * depth,
    };
    const int8_t *image = (const int8_t *)memory + a->input;
    int8_t *output = (int8_t *)memory + a->output;
    for (int32_t batch = 0; batch < a->batches; batch++) {
        for (int32_t y = 0; y < a->output_height; y++) {
            thimble_window at = {.top = y * a->stride_height - a->pad_top};
            at.rows = thimble_taps_inside(at.top, a->dilation_height, a->kernel_height, a->input_height);
            for (int32_t x = 0; x < a->output_width; x++, output += a->output_channels) {
                at.left = x * a->stride_width - a->pad_left;
                at.columns = thimble_taps_inside(at.left, a->dilation_width, a->kernel_width, a->input_width);
                pixel_write(a, &group, &at, image, output, memory);
            }
        }
        image += a->input_height * a->input_width * a->input_channels;
    }
    return 0;
}
