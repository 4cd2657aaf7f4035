/* In place of core/model.c where what is fuzzed never runs a model: it can't, since no signature is right. */
#include <stdlib.h>

#include "native_stack.h"
#include "thimble.h"

thimble_status thimble_open(const thimble_device *device, const uint8_t *data, size_t size, void *ram,
                            size_t ram_bytes, const thimble_options *options, thimble_model **model) {
    (void)device, (void)data, (void)size, (void)ram, (void)ram_bytes, (void)options, (void)model;
    abort();
}

thimble_status thimble_invoke(thimble_model *model) {
    (void)model;
    abort();
}

void thimble_close(thimble_model *model) { (void)model; }

const thimble_image *thimble_describe(const thimble_model *model) {
    (void)model;
    return NULL;
}

uint32_t thimble_frame_bytes(void) { return 0; }
