#include "thimble_simple.h"

#include "ed25519.h"
#include "sha256.h"
#include "thimble_values.h"

static const thimble_port port = {.sha256 = thimble_sha256, .ed25519_verify = thimble_ed25519_verify};

thimble_status thimble_simple_open(thimble_simple *simple) {
    if (simple->model != NULL) return THIMBLE_OK;
    simple->device.port         = &port;
    simple->device.keys         = simple->keys;
    simple->device.key_count    = simple->key_count;
    simple->device.capabilities = THIMBLE_CAPABILITIES;
    return simple->status = thimble_open(&simple->device, simple->image, simple->image_bytes, simple->ram,
                                         simple->ram_bytes, NULL, &simple->model);
}

static thimble_status decide(thimble_simple *simple, const float *values, size_t count, const char **label) {
    uint32_t number;
    thimble_status status = thimble_simple_open(simple);
    if (status == THIMBLE_OK) status = thimble_write(simple->model, 0, values, count);
    if (status == THIMBLE_OK) status = thimble_invoke(simple->model);
    if (status == THIMBLE_OK) status = thimble_decide(simple->model, &number, NULL);
    if (status != THIMBLE_OK) return status;
    *label = thimble_label(simple->model, number);
    return *label == NULL ? THIMBLE_ERR_ARGUMENT : THIMBLE_OK;
}

const char *thimble_simple_label(thimble_simple *simple, const float *values, size_t count) {
    const char *label = NULL;
    simple->status    = decide(simple, values, count, &label);
    return simple->status == THIMBLE_OK ? label : thimble_status_text(simple->status);
}
