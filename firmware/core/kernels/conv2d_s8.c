#include "block.h"
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

static int8_t to_output(const struct arguments *a, const uint8_t *memory, int32_t channel, uint32_t sum) {
    const int32_t total = (int32_t)((uint32_t)thimble_load(memory + a->bias, channel) + sum);
    const int32_t factor = thimble_load(memory + a->multiplier, channel);
    const int32_t shift = ((const int8_t *)memory + a->shift)[channel];
    return thimble_to_output(thimble_requantize(total, factor, shift), a->output_zero_point,
                             a->activation_min, a->activation_max);
}

/* Output channels from `channel` to `end`, all in one group, at one position. */
static void pixel_write(const struct arguments *a, const struct group *group, const thimble_window *at,
                        const int8_t *image, int8_t *output, const uint8_t *memory, int32_t channel,
                        int32_t end) {
    const int8_t *filter = (const int8_t *)memory + a->weights + channel * group->filter_bytes;
    for (; channel < end; channel++, filter += group->filter_bytes)
        output[channel] =
            to_output(a, memory, channel, window_sum(a, at, image, filter, group->inputs));
}

/*
 * The taps of one row of a window lie in a row in the image and in each filter, which the blocks of block.h
 * need, where the window skips no columns and reads all channels.
 */
static bool fits_blocks(const struct arguments *a, const struct group *group) {
    return a->groups == 1 && (a->dilation_width == 1 || a->kernel_width == 1) &&
           thimble_block_fits(group->filter_bytes, a->input_zero_point);
}

/* Four channels at one position, whatever part of the window lies in the image. */
static void narrow_write(const struct arguments *a, const struct group *group, const thimble_window *at,
                         const int8_t *image, int8_t *output, const uint8_t *memory, int32_t channel) {
    const int8_t *filter = (const int8_t *)memory + a->weights + channel * group->filter_bytes;
    const int32_t length = (at->columns.end - at->columns.begin) * group->inputs;
    int32_t sums[THIMBLE_BLOCK] = {0};
    for (int32_t ky = at->rows.begin; length > 0 && ky < at->rows.end; ky++) {
        const int32_t row = (at->top + ky * a->dilation_height) * a->input_width;
        const int32_t pixel = (row + at->left + at->columns.begin) * a->input_channels;
        const int32_t tap = (ky * a->kernel_width + at->columns.begin) * group->inputs;
        thimble_block_narrow(sums, filter + tap, group->filter_bytes, image + pixel, length,
                             a->input_zero_point);
    }
    for (int32_t i = 0; i < THIMBLE_BLOCK; i++)
        output[channel + i] = to_output(a, memory, channel + i, (uint32_t)sums[i]);
}

/* Four channels at four positions in a row whose windows lie in the image. */
static void wide_write(const struct arguments *a, const struct group *group, const thimble_window *at,
                       const int8_t *image, int8_t *output, const uint8_t *memory, int32_t channel,
                       const uint32_t offsets[THIMBLE_BLOCK]) {
    const int8_t *filter = (const int8_t *)memory + a->weights + channel * group->filter_bytes;
    const int32_t length = a->kernel_width * group->inputs;
    int32_t sums[THIMBLE_BLOCK][THIMBLE_BLOCK] = {{0}};
    for (int32_t ky = 0; ky < a->kernel_height; ky++) {
        const int32_t row = (at->top + ky * a->dilation_height) * a->input_width;
        thimble_block_wide(sums, filter + ky * length, group->filter_bytes,
                           image + (row + at->left) * a->input_channels, a->stride_width * a->input_channels,
                           length);
    }
    for (int32_t x = 0; x < THIMBLE_BLOCK; x++, output += a->output_channels)
        for (int32_t i = 0; i < THIMBLE_BLOCK; i++)
            output[channel + i] = to_output(a, memory, channel + i, (uint32_t)sums[i][x] + offsets[i]);
}

/* What the input's zero point adds to a whole window: minus itself times the sum of the weights. */
static void zero_point_offsets(const struct arguments *a, const struct group *group, const uint8_t *memory,
                               int32_t channel, uint32_t offsets[THIMBLE_BLOCK]) {
    const int8_t *filter = (const int8_t *)memory + a->weights + channel * group->filter_bytes;
    for (int32_t i = 0; i < THIMBLE_BLOCK; i++, filter += group->filter_bytes) {
        int32_t sum = 0;
        for (int32_t k = 0; k < group->filter_bytes; k++) sum += filter[k];
        offsets[i] = 0 - (uint32_t)a->input_zero_point * (uint32_t)sum;
    }
}

static bool is_whole(const struct arguments *a, const thimble_window *at) {
    return at->rows.end - at->rows.begin == a->kernel_height && at->left >= 0 &&
           at->left + (THIMBLE_BLOCK - 1) * a->stride_width + (a->kernel_width - 1) * a->dilation_width <
               a->input_width;
}

/* Four output channels of one image. */
static void channels_write(const struct arguments *a, const struct group *group, const int8_t *image,
                           int8_t *output, const uint8_t *memory, int32_t channel) {
    uint32_t offsets[THIMBLE_BLOCK];
    zero_point_offsets(a, group, memory, channel, offsets);
    for (int32_t y = 0; y < a->output_height; y++) {
        thimble_window at = {.top = y * a->stride_height - a->pad_top};
        at.rows = thimble_taps_inside(at.top, a->dilation_height, a->kernel_height, a->input_height);
        for (int32_t x = 0; x < a->output_width;) {
            at.left = x * a->stride_width - a->pad_left;
            const bool is_wide = x + THIMBLE_BLOCK <= a->output_width && is_whole(a, &at);
            if (is_wide) {
                wide_write(a, group, &at, image, output, memory, channel, offsets);
            } else {
                at.columns =
                    thimble_taps_inside(at.left, a->dilation_width, a->kernel_width, a->input_width);
                narrow_write(a, group, &at, image, output, memory, channel);
            }
            const int32_t step = is_wide ? THIMBLE_BLOCK : 1;
            x += step;
            output += step * a->output_channels;
        }
    }
}

/* Output channels from `first` on, one at a time: whatever does not fit the blocks. */
static void image_write(const struct arguments *a, const struct group *group, const int8_t *image,
                        int8_t *output, const uint8_t *memory, int32_t first) {
    for (int32_t y = 0; y < a->output_height; y++) {
        thimble_window at = {.top = y * a->stride_height - a->pad_top};
        at.rows = thimble_taps_inside(at.top, a->dilation_height, a->kernel_height, a->input_height);
        for (int32_t x = 0; x < a->output_width; x++, output += a->output_channels) {
            at.left = x * a->stride_width - a->pad_left;
            at.columns = thimble_taps_inside(at.left, a->dilation_width, a->kernel_width, a->input_width);
            const int8_t *part = image;
            for (int32_t channel = first; channel < a->output_channels; part += group->inputs) {
                const int32_t end = a->groups == 1 ? a->output_channels : channel + group->outputs;
                pixel_write(a, group, &at, part, output, memory, channel, end);
                channel = end;
            }
        }
    }
}

/* A pointwise convolution sees an image as one long row, so that blocks go on past the end of a row. */
static struct arguments as_one_row(struct arguments a) {
    const bool is_pointwise = a.kernel_height == 1 && a.kernel_width == 1 && a.stride_height == 1 &&
                              a.stride_width == 1 && a.pad_top == 0 && a.pad_left == 0 &&
                              a.output_height == a.input_height && a.output_width == a.input_width;
    if (!is_pointwise) return a;
    a.input_width *= a.input_height;
    a.output_width *= a.output_height;
    a.input_height = a.output_height = 1;
    return a;
}

int thimble_conv2d_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes) {
    if (!arguments_valid((const struct arguments *)arguments, memory, memory_bytes)) return -1;
    const struct arguments a = as_one_row(*(const struct arguments *)arguments);
    const int32_t depth = a.input_channels / a.groups;
    const struct group group = {
        .inputs = depth,
        .outputs = a.output_channels / a.groups,
        .filter_bytes = a.kernel_height * a.kernel_width * depth,
    };
    const int32_t in_blocks = fits_blocks(&a, &group) ? a.output_channels & -THIMBLE_BLOCK : 0;
    const int8_t *image = (const int8_t *)memory + a.input;
    int8_t *output = (int8_t *)memory + a.output;
    for (int32_t batch = 0; batch < a.batches; batch++) {
        for (int32_t channel = 0; channel < in_blocks; channel += THIMBLE_BLOCK)
            channels_write(&a, &group, image, output, memory, channel);
        if (in_blocks < a.output_channels) image_write(&a, &group, image, output, memory, in_blocks);
        image += a.input_height * a.input_width * a.input_channels;
        output += a.output_height * a.output_width * a.output_channels;
    }
    return 0;
}
