/* Parts that int16 kernels share. Their tensors lie on even addresses, which a load or store needs. */
#ifndef THIMBLE_KERNELS_WIDE_H
#define THIMBLE_KERNELS_WIDE_H

#include "check.h"

static inline int16_t thimble_load_s16(const uint8_t *at) { return *(const int16_t *)(const void *)at; }

static inline void thimble_store_s16(uint8_t *at, int32_t value) { *(int16_t *)(void *)at = (int16_t)value; }

static inline bool thimble_even(const uint8_t *at) { return (uintptr_t)at % sizeof(int16_t) == 0; }

/* A kernel of one input and one output, `length` values each, of so many bytes. */
typedef struct thimble_unary {
    uint32_t input, output;
    int32_t length;
    int32_t input_bytes, output_bytes;
} thimble_unary;

/* Where its values are read and written; they may overlap, as for the twin, which goes from first to last. */
typedef struct thimble_values {
    const uint8_t *from;
    uint8_t *to;
} thimble_values;

/* Whether both lie in memory, those of int16 on even addresses. */
bool thimble_unary_values(const thimble_unary *unary, const thimble_memory *memory, thimble_values *values);

/*
 * From the sums of a layer of int16 to what is stored. A sum of up to 54 bits is rounded once; or, in models
 * whose sums are narrow, the low 32 bits of it twice, as in layers of int8.
 */
typedef struct thimble_wide_layer {
    const uint8_t *bias, *multiplier;
    const int8_t *shift;
    int32_t step;  /* 1 where each channel has its factor, 0 where all have one */
    int32_t terms; /* products in a sum */
    int32_t zero_point, low, high;
    int32_t output_bytes; /* of a value, 1 or 2 */
    bool is_narrow;
} thimble_wide_layer;

/*
 * Whether the tables of `channels` channels of `layer->terms` weights of so many bytes are constants, bias
 * and multiplier aligned for thimble_load, and step and shifts within what can be computed with; then puts
 * them into `layer`.
 */
bool thimble_wide_tables(thimble_wide_layer *layer, const thimble_tables *tables, int32_t channels,
                         int32_t weight_bytes, const thimble_memory *memory);

/* What is stored for the sum of a channel's products. */
int32_t thimble_wide_value(const thimble_wide_layer *layer, int32_t channel, int64_t sum);

/* Stores it; returns where the next one goes. */
static inline uint8_t *thimble_wide_store(const thimble_wide_layer *layer, uint8_t *to, int32_t value) {
    if (layer->output_bytes == 1)
        *to = (uint8_t)value;
    else
        thimble_store_s16(to, value);
    return to + layer->output_bytes;
}

/*
 * `count` channels from `first` on, of one pixel: sums of its int16 inputs with the filters of int8, which
 * begin with that of the first, and what they become.
 */
void thimble_wide_pixel(const thimble_wide_layer *layer, const uint8_t *input, const int8_t *filters,
                        int32_t first, int32_t count, uint8_t *output);

#endif
