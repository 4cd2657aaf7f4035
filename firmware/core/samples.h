/* Samples of a ring as the values of an input: values.c for stream.c. */
#ifndef THIMBLE_SAMPLES_H
#define THIMBLE_SAMPLES_H

#include "thimble_values.h"

/* `count` samples at `first`, the others at `rest`. */
typedef struct thimble_samples {
    const int16_t *first;
    uint32_t count;
    const int16_t *rest;
} thimble_samples;

/* Writes all values of input 0, as thimble_write does; a monitor is not shown them. */
THIMBLE_CHECK_RESULT
thimble_status thimble_samples_write(thimble_model *model, const thimble_samples *samples, uint32_t count);

#endif
