/* Samples of a simulated device's models (thimble_samples.h), where the host asks for them. */
#include <math.h>
#include <stdint.h>

#include "device.h"
#include "monitors.h"
#include "thimble_samples.h"

static thimble_samples samples[THIMBLE_MODELS];
static uint32_t bytes; /* of the sample that was asked for last */

/* The host's words on samples: host/fleet/simulator/samples.ts writes these words in this order. */
typedef struct samples_setup {
    uint8_t *ram;
    uint32_t ram_bytes, every, seed;
    const uint32_t *hidden; /* numbers of values of the first input that nobody is to see */
    uint32_t hidden_count;
} samples_setup;

static samples_setup setups[THIMBLE_MODELS];

static int hide(void *context, uint32_t input, float *values, uint32_t count) {
    const samples_setup *setup = context;
    for (uint32_t i = 0; input == 0 && i < setup->hidden_count; i++)
        if (setup->hidden[i] < count) values[setup->hidden[i]] = NAN;
    return 1;
}

/* For a model that has a monitor, before its service starts. */
EXPORT("samples_add") void wasm_samples_add(uint32_t model, const samples_setup *setup) {
    thimble_service *service = wasm_service(model);
    setups[model]            = *setup;
    samples[model]           = (thimble_samples){.ram            = setup->ram,
                                                 .ram_bytes      = setup->ram_bytes,
                                                 .monitor        = wasm_monitor(model),
                                                 .every          = setup->every,
                                                 .seed           = setup->seed,
                                                 .redact         = hide,
                                                 .redact_context = &setups[model]};
    service->opened          = thimble_samples_follow;
    service->opened_context  = &samples[model];
}

/* A sample that is kept, or 0; the function below says how long it is. */
EXPORT("samples_first") const uint8_t *wasm_samples_first(uint32_t model) {
    return thimble_samples_first(&samples[model], &bytes);
}

EXPORT("samples_bytes") uint32_t wasm_samples_bytes(void) { return bytes; }

EXPORT("samples_drop") void wasm_samples_drop(uint32_t model, const uint8_t *sample) {
    thimble_samples_drop(&samples[model], sample);
}
