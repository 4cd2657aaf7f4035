#include "order.h"

#include "check.h"
#include "native.h"
#include "output.h"

typedef thimble_depthwise_conv2d_s8_arguments arguments;

/* One channel of the image with its padding, as far as windows reach. */
struct plane {
    int8_t *values;
    int32_t height, width;
    /* The part of the image that it holds, from pixel (0, 0) on, and where; may be nothing. */
    int8_t *image;
    int32_t image_rows, image_columns;
};

static int32_t plane_size(int32_t output, int32_t stride, int32_t kernel, int32_t dilation) {
    return (output - 1) * stride + (kernel - 1) * dilation + 1;
}

static bool spans_valid(const arguments *a, const thimble_memory *memory) {
    /* THIMBLE_NO_FIT is -1 here, which fits nothing again. */
    const int32_t channels = (int32_t)thimble_volume(a->input_channels, a->depth_multiplier, 1, 1);
    const int32_t height =
        plane_size(a->output_height, a->stride_height, a->kernel_height, a->dilation_height);
    const int32_t width = plane_size(a->output_width, a->stride_width, a->kernel_width, a->dilation_width);
    const thimble_span output = {a->output,
                                 thimble_volume(a->batches, a->output_height, a->output_width, channels)};
    const thimble_span input  = {
        a->input, thimble_volume(a->batches, a->input_height, a->input_width, a->input_channels)};
    const thimble_span scratch = {a->scratch, thimble_volume(height, width, 1, 1)};
    if (!thimble_apart(scratch, input, memory) || !thimble_apart(scratch, output, memory)) return false;
    /* Each channel is read before it is written, and only by itself. */
    const bool is_same = a->output == a->input && a->depth_multiplier == 1 &&
                         a->output_height == a->input_height && a->output_width == a->input_width;
    return is_same || thimble_apart(output, input, memory);
}

static bool arguments_valid(const arguments *a, const thimble_memory *memory) {
    const int32_t channels      = (int32_t)thimble_volume(a->input_channels, a->depth_multiplier, 1, 1);
    const int32_t taps          = (int32_t)thimble_volume(a->kernel_height, a->kernel_width, 1, 1);
    const thimble_tables tables = {a->weights, a->bias, a->multiplier, a->shift};
    return thimble_axis_valid(a->input_height, a->output_height, a->kernel_height, a->stride_height,
                              a->dilation_height, a->pad_top) &&
           thimble_axis_valid(a->input_width, a->output_width, a->kernel_width, a->stride_width,
                              a->dilation_width, a->pad_left) &&
           spans_valid(a, memory) && thimble_tables_valid(&tables, channels, taps, memory);
}

static int32_t at_most(int32_t value, int32_t most) { return value < most ? value : most; }

/* A plane of nothing but padding: gathering a channel leaves the rest as it is. */
static struct plane plane_clear(const arguments *a, const thimble_memory *memory) {
    struct plane plane = {
        .values = (int8_t *)memory->written + a->scratch,
        .height = plane_size(a->output_height, a->stride_height, a->kernel_height, a->dilation_height),
        .width  = plane_size(a->output_width, a->stride_width, a->kernel_width, a->dilation_width),
    };
    memset(plane.values, a->input_zero_point, (uint32_t)(plane.height * plane.width));
    if (a->pad_top >= plane.height || a->pad_left >= plane.width) return plane;
    plane.image         = plane.values + a->pad_top * plane.width + a->pad_left;
    plane.image_rows    = at_most(a->input_height, plane.height - a->pad_top);
    plane.image_columns = at_most(a->input_width, plane.width - a->pad_left);
    return plane;
}

/* `image` begins at the channel in question. */
static void plane_gather(const struct plane *plane, const int8_t *image, int32_t step, int32_t row_bytes) {
    int8_t *row = plane->image;
    for (int32_t y = 0; y < plane->image_rows; y++, row += plane->width, image += row_bytes) {
        const int8_t *from = image;
        int8_t *to         = row;
        for (int8_t *const end = row + (plane->image_columns & -4); to < end; to += 4) {
            to[0] = *from, from += step;
            to[1] = *from, from += step;
            to[2] = *from, from += step;
            to[3] = *from, from += step;
        }
        for (int8_t *const end = row + plane->image_columns; to < end; to++, from += step) *to = *from;
    }
}

/* One channel's outputs. */
struct result {
    const thimble_layer *layer;
    thimble_channel channel;
    int8_t *first;
    int32_t step; /* bytes from one to the next */
};

/*
 * Nine taps side by side, down one column of outputs after the other, so that one pointer will do. Every row
 * of three values that is loaded adds to each sum that it has a part in: with a stride of one to three sums,
 * the first of which it completes, and with a stride of two to one or two.
 */
static inline void plane_write_nine(const arguments *a, const struct plane *plane, const int8_t *weights,
                                    const struct result *result, bool is_relu) {
    const int32_t w00 = weights[0], w01 = weights[1], w02 = weights[2];
    const int32_t w10 = weights[3], w11 = weights[4], w12 = weights[5];
    const int32_t w20 = weights[6], w21 = weights[7], w22 = weights[8];
    const thimble_channel *const channel = &result->channel;
    const uint32_t bias = channel->bias, factor = (uint32_t)channel->multiplier << 1;
    const int32_t addend = channel->addend, e = -channel->shift;
    const int32_t low = result->layer->low, high = result->layer->high;
    const int32_t width = plane->width, step = a->output_width * result->step;
#define ROW(first, second, third)                                                                            \
    do {                                                                                                     \
        int32_t v = from[0];                                                                                 \
        first += THIMBLE_PRODUCT(w20, v), second += THIMBLE_PRODUCT(w10, v);                                 \
        third = bias + THIMBLE_PRODUCT(w00, v);                                                              \
        v     = from[1];                                                                                     \
        first += THIMBLE_PRODUCT(w21, v), second += THIMBLE_PRODUCT(w11, v);                                 \
        third += THIMBLE_PRODUCT(w01, v);                                                                    \
        v = from[2];                                                                                         \
        first += THIMBLE_PRODUCT(w22, v), second += THIMBLE_PRODUCT(w12, v);                                 \
        third += THIMBLE_PRODUCT(w02, v);                                                                    \
        from += width;                                                                                       \
    } while (0)
#define STORE(sum)                                                                                           \
    *to = (int8_t)thimble_short((int32_t)(sum), factor, addend, e, low, high, is_relu), to += step
    for (int32_t x = 0; x < a->output_width; x++) {
        const int8_t *from      = plane->values + x * a->stride_width;
        int8_t *to              = result->first + x * result->step;
        const int8_t *const end = to + a->output_height * step;
        uint32_t a0 = 0, a1 = 0, a2 = 0;
        ROW(a2, a1, a0);
        if (a->stride_height == 2) {
            while (to < end) {
                ROW(a2, a0, a1);
                ROW(a0, a2, a1);
                STORE(a0);
                a0 = a1;
            }
            continue;
        }
        ROW(a2, a0, a1);
        for (;;) {
            ROW(a0, a1, a2);
            STORE(a0);
            if (to >= end) break;
            ROW(a1, a2, a0);
            STORE(a1);
            if (to >= end) break;
            ROW(a2, a0, a1);
            STORE(a2);
            if (to >= end) break;
        }
    }
#undef ROW
#undef STORE
}

static void plane_write_nine_relu(const arguments *a, const struct plane *plane, const int8_t *weights,
                                  const struct result *result) {
    plane_write_nine(a, plane, weights, result, true);
}

static void plane_write_nine_linear(const arguments *a, const struct plane *plane, const int8_t *weights,
                                    const struct result *result) {
    plane_write_nine(a, plane, weights, result, false);
}

/* Any window. */
static void plane_write(const arguments *a, const struct plane *plane, const int8_t *weights,
                        const struct result *result) {
    int8_t *to = result->first;
    for (int32_t y = 0; y < a->output_height; y++) {
        const int8_t *window = plane->values + y * a->stride_height * plane->width;
        for (int32_t x = 0; x < a->output_width; x++, window += a->stride_width, to += result->step) {
            const int8_t *weight = weights;
            uint32_t sum         = result->channel.bias;
            for (int32_t ky = 0; ky < a->kernel_height; ky++) {
                const int8_t *row = window + ky * a->dilation_height * plane->width;
                for (int32_t kx = 0; kx < a->kernel_width; kx++)
                    sum += THIMBLE_PRODUCT(row[kx * a->dilation_width], *weight++);
            }
            *to = (int8_t)thimble_channel_value(result->layer, &result->channel, sum);
        }
    }
}

typedef void (*plane_writer)(const arguments *a, const struct plane *plane, const int8_t *weights,
                             const struct result *result);

static plane_writer find_writer(const arguments *a, enum thimble_way way) {
    const bool is_nine = a->kernel_height == 3 && a->kernel_width == 3 && a->dilation_height == 1 &&
                         a->dilation_width == 1 && a->stride_height <= 2;
    if (is_nine && way == THIMBLE_SHORT_RELU) return plane_write_nine_relu;
    return is_nine && way == THIMBLE_SHORT ? plane_write_nine_linear : plane_write;
}

int thimble_depthwise_conv2d_s8(const thimble_memory *memory, const void *block) {
    const arguments *a = block;
    if (!arguments_valid(a, memory)) return -1;
    thimble_layer layer = {
        .bias       = thimble_at(memory, a->bias),
        .multiplier = thimble_at(memory, a->multiplier),
        .shift      = (const int8_t *)thimble_at(memory, a->shift),
        .step       = 1,
        .terms      = a->kernel_height * a->kernel_width,
        .zero_point = a->output_zero_point,
        .low        = a->activation_min,
        .high       = a->activation_max,
    };
    thimble_layer_prepare(&layer);
    const struct plane plane = plane_clear(a, memory);
    const int32_t taps = a->kernel_height * a->kernel_width, row_bytes = a->input_width * a->input_channels;
    const int32_t channels = a->input_channels * a->depth_multiplier;
    const int8_t *image    = (const int8_t *)thimble_at(memory, a->input);
    struct result result   = {
          .layer = &layer, .first = (int8_t *)memory->written + a->output, .step = channels};
    for (int32_t batch = 0; batch < a->batches; batch++) {
        const int8_t *weights = (const int8_t *)thimble_at(memory, a->weights);
        for (int32_t channel = 0; channel < channels; channel++, result.first++, weights += taps) {
            if (channel % a->depth_multiplier == 0)
                plane_gather(&plane, image + channel / a->depth_multiplier, a->input_channels, row_bytes);
            result.channel = thimble_layer_channel(&layer, channel);
            find_writer(a, result.channel.way)(a, &plane, weights, &result);
        }
        image += a->input_height * row_bytes;
        result.first += (a->output_height * a->output_width - 1) * channels;
    }
    return 0;
}
