/*
 * thimble: real values in and out of a model.
 *
 * The module itself describes its inputs and outputs (SPEC.md, section 2.1): names, scales, zero points,
 * offsets and factors of features, missing values, labels, thresholds. So the same firmware serves a new
 * model with other scales, other labels and its inputs in another order. All numbers are computed in float32,
 * in one order, and each step is rounded: the bits are those of `thimble run` on the host. thimble_input and
 * thimble_output give the raw tensors, as before. Nothing here is linked unless it is called.
 *
 * The functions read the module where it lies and keep nothing. They may be called as those of thimble.h may:
 * not for one model from two tasks at a time.
 */
#ifndef THIMBLE_VALUES_H
#define THIMBLE_VALUES_H

#include "thimble.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THIMBLE_RANK_MAX 8

typedef enum thimble_type {
    THIMBLE_INT8    = 0,
    THIMBLE_UINT8   = 1,
    THIMBLE_INT16   = 2,
    THIMBLE_INT32   = 3,
    THIMBLE_FLOAT32 = 4
} thimble_type;

typedef enum thimble_task {
    THIMBLE_TASK_UNKNOWN        = 0,
    THIMBLE_TASK_CLASSIFICATION = 1,
    THIMBLE_TASK_REGRESSION     = 2,
    THIMBLE_TASK_ANOMALY        = 3,
    THIMBLE_TASK_CLUSTERING     = 4,
    THIMBLE_TASK_AUTOENCODER    = 5,
    THIMBLE_TASK_IMAGE          = 6
} thimble_task;

/* Texts are UTF-8 and lie in the module: valid as long as the image is. */
typedef struct thimble_description {
    const char *name;
    const char *unit;    /* null where the model says none */
    thimble_task task;   /* of the whole model */
    thimble_type type;   /* of the raw tensor */
    thimble_type source; /* of the values as they come from sensors */
    uint32_t rank;
    uint32_t shape[THIMBLE_RANK_MAX];
    uint32_t elements; /* values of one inference */
    float scale;       /* real = scale * (raw - zero_point), features scaled as SPEC.md says */
    int32_t zero_point;
    uint32_t names;       /* how many names its features have, or its classes; 0 where they have none */
    uint32_t sample_rate; /* of a stream, per channel and second; 0 where it is none */
    uint32_t channels;
    uint32_t hop; /* values of a channel that are new in each inference; 0: all */
} thimble_description;

/*
 * Describes an input or an output. ERR_ARGUMENT where there is none of that number, ERR_CLOSED where the
 * model is not open, and ERR_DESCRIPTOR where the module has no descriptor, or one that is malformed or does
 * not fit its tensors. The functions below return these three, too.
 */
THIMBLE_CHECK_RESULT
thimble_status thimble_describe_input(thimble_model *model, uint32_t input, thimble_description *description);
THIMBLE_CHECK_RESULT
thimble_status thimble_describe_output(thimble_model *model, uint32_t output,
                                       thimble_description *description);

/*
 * The place of the feature `name` on the last axis of an input: where the values of that sensor belong.
 * ERR_ARGUMENT where the model has none of that name.
 */
THIMBLE_CHECK_RESULT
thimble_status thimble_find_feature(thimble_model *model, uint32_t input, const char *name, uint32_t *place);

/* The unit of the feature at `place` of an input; null where the model does not say. */
const char *thimble_unit(thimble_model *model, uint32_t input, uint32_t place);

/*
 * Writes all values of an input, of which there must be `count`; write every input before every inference.
 * NaN is a missing value: ERR_ARGUMENT where the model takes none, and then nothing has been written.
 */
THIMBLE_CHECK_RESULT
thimble_status thimble_write(thimble_model *model, uint32_t input, const float *values, size_t count);

/* Reads all values of an output, of which there must be `count`. */
THIMBLE_CHECK_RESULT
thimble_status thimble_read(thimble_model *model, uint32_t output, float *values, size_t count);

/*
 * The class that the model decides for, and how strongly: of the greatest value that value, of a detector its
 * value whatever it decides. ERR_ARGUMENT where no output decides (a regression, an image) or where it takes
 * the input to decide. `score` may be null.
 */
THIMBLE_CHECK_RESULT
thimble_status thimble_decide(thimble_model *model, uint32_t *class_number, float *score);

/*
 * Decides as thimble_decide does, for an autoencoder with a threshold: `values` are the `count` values of its
 * input 0. The score is the mean squared difference between input and output. The class is 1 (an anomaly)
 * where the score is above the threshold, else 0.
 */
THIMBLE_CHECK_RESULT
thimble_status thimble_decide_autoencoder(thimble_model *model, const float *values, size_t count,
                                          uint32_t *class_number, float *score);

/* The name of a class of the output that decides; null where it has none. */
const char *thimble_label(thimble_model *model, uint32_t class_number);

#ifdef __cplusplus
}
#endif

#endif
