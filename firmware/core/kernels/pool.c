#include "pool.h"

#include "check.h"
#include "fixed.h"

/* Also that no window sees nothing but padding: the twin of the mean traps there. */
static bool pool_axis_valid(int32_t input, int32_t output, int32_t kernel, int32_t stride, int32_t padding) {
    return thimble_axis_valid(input, output, kernel, stride, 1, padding) && padding < kernel &&
           (output - 1) * stride - padding < input;
}

static bool pool_valid(const thimble_pool2d_arguments *p, const thimble_memory *memory) {
    const thimble_span output = {p->output,
                                 thimble_volume(p->batches, p->output_height, p->output_width, p->channels)};
    const thimble_span input  = {p->input,
                                 thimble_volume(p->batches, p->input_height, p->input_width, p->channels)};
    return thimble_apart(output, input, memory) &&
           pool_axis_valid(p->input_height, p->output_height, p->kernel_height, p->stride_height,
                           p->pad_top) &&
           pool_axis_valid(p->input_width, p->output_width, p->kernel_width, p->stride_width, p->pad_left);
}

/* Clips [first, first + kernel) to [0, size): moves `first` and returns the length. */
static int32_t clip(int32_t *first, int32_t kernel, int32_t size) {
    const int32_t end = *first + kernel < size ? *first + kernel : size;
    if (*first < 0) *first = 0;
    return end - *first;
}

static void batch_run(const thimble_pool2d_arguments *p, const int8_t *image, int8_t *output,
                      thimble_pool_reduce reduce) {
    thimble_pool_window window = {.row_bytes = p->input_width * p->channels, .step = p->channels};
    for (int32_t y = 0; y < p->output_height; y++) {
        int32_t top = y * p->stride_height - p->pad_top;
        window.rows = clip(&top, p->kernel_height, p->input_height);
        for (int32_t x = 0; x < p->output_width; x++) {
            int32_t left        = x * p->stride_width - p->pad_left;
            window.columns      = clip(&left, p->kernel_width, p->input_width);
            const int8_t *first = image + (top * p->input_width + left) * p->channels;
            for (int32_t channel = 0; channel < p->channels; channel++) {
                window.values = first + channel;
                *output++     = thimble_to_output(reduce(&window), 0, p->activation_min, p->activation_max);
            }
        }
    }
}

int thimble_pool_run(const thimble_memory *memory, const void *block, thimble_pool_reduce reduce) {
    const thimble_pool2d_arguments *p = block;
    if (!pool_valid(p, memory)) return -1;
    const int32_t input_bytes  = p->input_height * p->input_width * p->channels;
    const int32_t output_bytes = p->output_height * p->output_width * p->channels;
    const int8_t *image        = (const int8_t *)thimble_at(memory, p->input);
    int8_t *output             = (int8_t *)memory->written + p->output;
    for (int32_t batch = 0; batch < p->batches; batch++) {
        batch_run(p, image, output, reduce);
        image += input_bytes;
        output += output_bytes;
    }
    return 0;
}
