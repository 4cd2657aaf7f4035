/*
 * thimble: one model whose image is an array in the program, and its decision as a word. For a first try, and
 * for boards that get their models with their firmware; thimble.h and thimble_update.h do everything else.
 *
 *     thimble keygen -o key.pem --c-header keys.h
 *     thimble build MODEL -o DIR
 *     thimble sign DIR/model.wasm --key key.pem --c-header model.h
 */
#ifndef THIMBLE_SIMPLE_H
#define THIMBLE_SIMPLE_H

#include "thimble.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct thimble_simple {
    /* The caller's, all of which stays while the model is open. */
    const uint8_t *image;
    size_t image_bytes;
    const uint8_t (*keys)[THIMBLE_KEY_BYTES];
    size_t key_count;
    void *ram; /* aligned to 8 bytes */
    size_t ram_bytes;
    /* The rest is set by the functions. */
    thimble_device device;
    thimble_model *model;
    thimble_status status; /* of the last call */
} thimble_simple;

/* RAM for a model: `thimble inspect` says how many bytes it takes. */
#define THIMBLE_RAM(name, bytes) uint64_t name[((bytes) + 7) / 8]

/* The initial value of such a model; `image` and `ram` are arrays, and keys.h is that of `thimble keygen`. */
#define THIMBLE_SIMPLE(image, ram)                                                                           \
    {                                                                                                        \
        (image), sizeof(image), thimble_keys, THIMBLE_KEY_COUNT, (ram), sizeof(ram),                         \
            {NULL, NULL, 0, 0, 0, 0}, NULL, THIMBLE_OK                                                       \
    }

/* Opens the model, as thimble_open does, with SHA-256 and Ed25519 in software. Nothing where it is open. */
THIMBLE_CHECK_RESULT
thimble_status thimble_simple_open(thimble_simple *simple);

/*
 * The label that the model decides for. `values` are the `count` values of its only input, in the order of
 * its features. Opens the model where it is not open. Never null: where something fails it is the text of
 * that status, and simple->status has the number. THIMBLE_ERR_ARGUMENT where the model decides nothing or has
 * no labels.
 */
const char *thimble_simple_label(thimble_simple *simple, const float *values, size_t count);

#ifdef __cplusplus
}
#endif

#endif
