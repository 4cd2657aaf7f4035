/* Parts that both int16 sigmoids share: a table of one side, and lines between its entries. */
#ifndef THIMBLE_KERNELS_SIGMOID_H
#define THIMBLE_KERNELS_SIGMOID_H

#include "native.h"
#include "wide.h"

/* From this entry on, the function is taken for its limit. */
enum { THIMBLE_SIGMOID_LAST = 255 };

/* How a table's values become results: all are times 2^drop of the output's. */
typedef struct thimble_sigmoid_kind {
    int bits;       /* a step of the table has 2^bits parts */
    int32_t limit;  /* the function from the last entry on */
    int32_t origin; /* what the function is less than the table */
    int32_t mirror; /* the function of -x is this less that of x */
    int drop;
} thimble_sigmoid_kind;

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

/* Whether tensors, and all entries that any int16 reaches, lie where they may. */
bool thimble_sigmoid_begin(const thimble_sigmoid_s16_arguments *a, const thimble_memory *memory, int bits,
                           thimble_sigmoid *sigmoid);

/* The table's value at so many parts of a step, times 2^bits; below THIMBLE_SIGMOID_LAST steps. */
static inline int32_t thimble_sigmoid_at(const uint8_t *table, int32_t parts, int bits) {
    const uint8_t *entry = table + 2 * (parts >> bits);
    const int32_t below  = (uint16_t)thimble_load_s16(entry);
    const int32_t slope  = (uint16_t)thimble_load_s16(entry + 2) - below;
    return below * (1 << bits) + (parts & ((1 << bits) - 1)) * slope;
}

/* As thimble_kernel.run. Inline, so that each kernel has its kind's numbers in its instructions. */
static inline int thimble_sigmoid_run(const thimble_memory *memory, const void *block,
                                      const thimble_sigmoid_kind *kind) {
    const thimble_sigmoid_s16_arguments *a = block;
    const int32_t half                     = 1 << (kind->drop - 1);
    thimble_sigmoid sigmoid;
    if (!thimble_sigmoid_begin(a, memory, kind->bits, &sigmoid)) return -1;
    for (int32_t i = 0; i < a->length; i++) {
        const int32_t x     = thimble_load_s16(sigmoid.values.from + 2 * i);
        const int32_t parts = thimble_sigmoid_steps(a, sigmoid.half, x);
        const int32_t size  = thimble_magnitude(parts);
        int32_t result      = kind->limit;
        if (size < THIMBLE_SIGMOID_LAST << kind->bits)
            result = thimble_sigmoid_at(sigmoid.table, size, kind->bits);
        result -= kind->origin;
        result = parts >= 0 ? result + half : kind->mirror - result + half - 1;
        thimble_store_s16(sigmoid.values.to + 2 * i, result >> kind->drop);
    }
    return 0;
}

#endif
