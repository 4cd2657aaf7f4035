/*
 * Real values of a simulated device's models, by the core's own functions. A number that is negative where a
 * place or a count is expected is a thimble_status.
 */
#include <stdint.h>

#include "device.h"
#include "thimble_values.h"

/* The last decision of a model; host/fleet/simulator/device_values.ts reads it. */
static struct {
    uint32_t class_number;
    float score;
    const char *label;
} decision;

/* Values of an output of one inference. */
EXPORT("values_output") int32_t wasm_values_output(thimble_model *model, uint32_t index) {
    thimble_description found;
    const thimble_status status = thimble_describe_output(model, index, &found);
    return status == THIMBLE_OK ? (int32_t)found.elements : status;
}

/* The place of a feature, whose name ends with a zero byte. */
EXPORT("values_feature")
int32_t wasm_values_feature(thimble_model *model, uint32_t index, const char *name) {
    uint32_t place;
    const thimble_status status = thimble_find_feature(model, index, name, &place);
    return status == THIMBLE_OK ? (int32_t)place : status;
}

EXPORT("values_write")
int32_t wasm_values_write(thimble_model *model, uint32_t index, const float *values, uint32_t count) {
    return thimble_write(model, index, values, count);
}

EXPORT("values_read")
int32_t wasm_values_read(thimble_model *model, uint32_t index, float *values, uint32_t count) {
    return thimble_read(model, index, values, count);
}

/* Leaves the decision at values_decision; an autoencoder decides by the values of its input 0. */
EXPORT("values_decide")
int32_t wasm_values_decide(thimble_model *model, const float *values, uint32_t count) {
    thimble_status status = thimble_decide(model, &decision.class_number, &decision.score);
    if (status == THIMBLE_ERR_ARGUMENT)
        status = thimble_decide_autoencoder(model, values, count, &decision.class_number, &decision.score);
    decision.label = status == THIMBLE_OK ? thimble_label(model, decision.class_number) : NULL;
    return status;
}

EXPORT("values_decision") const void *wasm_values_decision(void) { return &decision; }
