#include "check.h"

uint32_t thimble_volume(int32_t a, int32_t b, int32_t c, int32_t d) {
    const int32_t sizes[] = {a, b, c, d};
    uint64_t product      = 1;
    for (unsigned i = 0; i < 4; i++) {
        if (sizes[i] < 1) return THIMBLE_NO_FIT;
        product *= (uint64_t)sizes[i];
        if (product > INT32_MAX) return THIMBLE_NO_FIT;
    }
    return (uint32_t)product;
}

uint32_t thimble_extent(uint32_t bytes, const int32_t *sizes, const int32_t *strides, unsigned axes) {
    uint64_t extent = bytes;
    for (unsigned i = 0; i < axes && extent <= INT32_MAX; i++) {
        if (sizes[i] < 1 || strides[i] < 0) return THIMBLE_NO_FIT;
        extent += (uint64_t)(sizes[i] - 1) * (uint64_t)strides[i];
    }
    return extent <= INT32_MAX ? (uint32_t)extent : THIMBLE_NO_FIT;
}

bool thimble_constants(const thimble_span *spans, unsigned count, const thimble_memory *memory) {
    for (unsigned i = 0; i < count; i++)
        if (!thimble_constant(spans[i], memory)) return false;
    return true;
}

bool thimble_axis_valid(int32_t input, int32_t output, int32_t kernel, int32_t stride, int32_t dilation,
                        int32_t padding) {
    if (input < 1 || output < 1 || kernel < 1 || stride < 1 || dilation < 1 || padding < 0) return false;
    return (int64_t)(output - 1) * stride + (int64_t)(kernel - 1) * dilation < INT32_MAX;
}

bool thimble_tables_valid(const thimble_tables *tables, int32_t channels, int32_t terms,
                          const thimble_memory *memory) {
    const thimble_span spans[] = {
        {tables->weights, thimble_volume(channels, terms, 1, 1)},
        {tables->bias, thimble_volume(channels, 4, 1, 1)},
        {tables->multiplier, thimble_volume(channels, 4, 1, 1)},
        {tables->shift, thimble_volume(channels, 1, 1, 1)},
    };
    if (!thimble_constants(spans, sizeof spans / sizeof spans[0], memory)) return false;
    if (!thimble_load_valid(thimble_at(memory, tables->bias))) return false;
    if (!thimble_load_valid(thimble_at(memory, tables->multiplier))) return false;
    const int8_t *shifts = (const int8_t *)thimble_at(memory, tables->shift);
    for (int32_t i = 0; i < channels; i++)
        if (!thimble_shift_valid(shifts[i])) return false;
    return true;
}
