#include "check.h"

uint32_t thimble_volume(int32_t a, int32_t b, int32_t c, int32_t d) {
    const int32_t sizes[] = {a, b, c, d};
    uint64_t product = 1;
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

static bool span_inside(thimble_span span, uint32_t memory_bytes) {
    if (span.address < 0 || span.bytes < 1 || span.bytes > INT32_MAX) return false;
    return (uint32_t)span.address + span.bytes <= memory_bytes;
}

bool thimble_inside(const thimble_span *spans, unsigned count, uint32_t memory_bytes) {
    for (unsigned i = 0; i < count; i++)
        if (!span_inside(spans[i], memory_bytes)) return false;
    return true;
}

/* Of two spans inside linear memory: the sums can't overflow. */
static bool spans_overlap(thimble_span a, thimble_span b) {
    const uint32_t a_begin = (uint32_t)a.address, b_begin = (uint32_t)b.address;
    return a_begin < b_begin + b.bytes && b_begin < a_begin + a.bytes;
}

bool thimble_apart(const thimble_span *written, unsigned written_count, const thimble_span *others,
                   unsigned count, uint32_t memory_bytes) {
    if (!thimble_inside(others, count, memory_bytes)) return false;
    for (unsigned i = 0; i < written_count; i++) {
        if (!span_inside(written[i], memory_bytes)) return false;
        for (unsigned j = 0; j < count; j++)
            if (spans_overlap(written[i], others[j])) return false;
        for (unsigned j = 0; j < i; j++)
            if (spans_overlap(written[i], written[j])) return false;
    }
    return true;
}

bool thimble_inside_apart(const thimble_span *spans, unsigned count, uint32_t memory_bytes) {
    return thimble_apart(spans, 1, spans + 1, count - 1, memory_bytes);
}

bool thimble_axis_valid(int32_t input, int32_t output, int32_t kernel, int32_t stride, int32_t dilation,
                        int32_t padding) {
    if (input < 1 || output < 1 || kernel < 1 || stride < 1 || dilation < 1 || padding < 0) return false;
    return (int64_t)(output - 1) * stride + (int64_t)(kernel - 1) * dilation < INT32_MAX;
}

bool thimble_channels_valid(const uint8_t *memory, int32_t bias, int32_t multiplier, int32_t shift,
                            int32_t channels) {
    if (!thimble_load_valid(memory + bias)) return false;
    if (!thimble_load_valid(memory + multiplier)) return false;
    const int8_t *shifts = (const int8_t *)(memory + shift);
    for (int32_t i = 0; i < channels; i++)
        if (!thimble_shift_valid(shifts[i])) return false;
    return true;
}
