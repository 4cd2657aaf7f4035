/* State of a model in service; lives at the start of the RAM that the caller hands in. */
#ifndef THIMBLE_MODEL_H
#define THIMBLE_MODEL_H

#include "heap.h"
#include "module_scan.h"
#include "thimble.h"
#include "wasm3.h"

typedef struct thimble_tensor {
    uint32_t offset;
    uint32_t bytes;
} thimble_tensor;

/* What a monitor sees of a model; SPEC.md, section 8. */
typedef struct thimble_observer {
    /* The values of an input, NaN where one is missing, before they are converted. */
    void (*written)(void *context, uint32_t input, const float *values, uint32_t count);
    /* An inference has ended. */
    void (*invoked)(void *context, thimble_model *model, thimble_status status, uint32_t ticks);
} thimble_observer;

struct thimble_model {
    uint32_t open; /* MODEL_OPEN, or anything else where the model is closed */
    const thimble_device *device;
    thimble_heap heap;
    thimble_image image;
    thimble_statistics statistics;
    thimble_module_info info;
    IM3Runtime runtime;
    IM3Module module;
    IM3Function invoke;
    uint32_t memory_bytes;
    uint32_t constants_at;    /* offset of the constants, which end with memory */
    uint32_t linear_bytes;    /* of memory, what is RAM: up to the constants where those stay in flash */
    const uint8_t *constants; /* in flash; null where they are in RAM */
    const thimble_observer *observer; /* null for none */
    void *observer_context;
    uint32_t input_count, output_count;
    thimble_tensor *tensors; /* inputs, then outputs */
};

/*
 * Where constants can stay in flash: every kernel of the module is native, and they are one data segment that
 * is aligned. Otherwise null. To be asked before wasm3 is given the module.
 */
const uint8_t *thimble_flash_constants(const thimble_model *model);

/* Binds the native kernels that this build has: how many. THIMBLE_ERR_RAM where there is no room for it. */
thimble_status thimble_bind_kernels(thimble_model *model, uint32_t *bound);

#endif
