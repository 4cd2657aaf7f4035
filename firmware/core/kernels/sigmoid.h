/* What the two sigmoids of int16 values share: a table of one side, and lines between its entries. */
#ifndef THIMBLE_KERNELS_SIGMOID_H
#define THIMBLE_KERNELS_SIGMOID_H

#include "native.h"
#include "wide.h"

/* From this entry on, the function is taken for its limit. */
enum { THIMBLE_SIGMOID_LAST = 255 };

typedef struct thimble_sigmoid {
    thimble_values values;
    const uint8_t *table;
    int32_t half;
} thimble_sigmoid;

/* An input in parts of a step of the table. */
static inline int32_t thimble_sigmoid_steps(const thimble_sigmoid_s16_arguments *a, int32_t half, int32_t x) {
    return (x * a->multiplier + half) >> a->shift;
}

static inline int32_t thimble_magnitude(int32_t x) { return x < 0 ? -x : x; }

/* Whether tensors, and all entries that any int16 reaches, lie where they may; a step has 2^bits parts. */
bool thimble_sigmoid_begin(const thimble_sigmoid_s16_arguments *a, const thimble_memory *memory, int bits,
                           thimble_sigmoid *sigmoid);

/* The table's value at so many parts of a step, times 2^bits; below THIMBLE_SIGMOID_LAST steps. */
static inline int32_t thimble_sigmoid_at(const uint8_t *table, int32_t parts, int bits) {
    const uint8_t *entry = table + 2 * (parts >> bits);
    const int32_t below  = (uint16_t)thimble_load_s16(entry);
    const int32_t slope  = (uint16_t)thimble_load_s16(entry + 2) - below;
    return below * (1 << bits) + (parts & ((1 << bits) - 1)) * slope;
}

#endif
