/*
 * thimble on ESP-IDF: models are opened where they lie in flash, mapped into memory.
 *
 * A task that opens or invokes a model needs THIMBLE_ESP_STACK_BYTES of stack. The calls for all models
 * together are for one task at a time: see thimble.h.
 */
#ifndef THIMBLE_ESP_H
#define THIMBLE_ESP_H

#include "esp_err.h"
#include "esp_partition.h"
#include "thimble.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The stack that a model may take: for thimble_device.stack_bytes. Where calls have register windows (ESP32,
 * S2, S3), a frame takes twice as much, and each of wasm3's operations keeps one: see PORTING.md, section 4.
 */
#ifndef THIMBLE_ESP_MODEL_STACK_BYTES
#if defined(__XTENSA_WINDOWED_ABI__)
#define THIMBLE_ESP_MODEL_STACK_BYTES (2 * THIMBLE_NATIVE_STACK_BYTES)
#else
#define THIMBLE_ESP_MODEL_STACK_BYTES THIMBLE_NATIVE_STACK_BYTES
#endif
#endif

/* That, and the rest: the task's own frames, logging, and what interrupts put on its stack. */
#define THIMBLE_ESP_STACK_BYTES (THIMBLE_ESP_MODEL_STACK_BYTES + 4096)

enum { THIMBLE_ESP_SLOT_A = 0, THIMBLE_ESP_SLOT_B = 1 };

/* ESP_LOGI, esp_timer's microseconds, SHA-256 of PSA or Mbed TLS (hardware where there is), own Ed25519. */
extern const thimble_port thimble_esp_port;

/* A model with its slot mapped and the RAM it runs in. */
typedef struct thimble_esp_model {
    thimble_model *model;  /* for thimble_input, thimble_invoke, ...; null where it is not open */
    thimble_status status; /* why an image was refused */
    void *ram;
    esp_partition_mmap_handle_t mapping;
} thimble_esp_model;

/* The partition of slot A or B of a model (SPEC.md, section 4), or null. */
const esp_partition_t *thimble_esp_find_slot(unsigned model, unsigned slot);

/*
 * Opens the image in slot A or B of a model. `ram_bytes` are allocated once, from internal RAM, and freed by
 * thimble_esp_close; `thimble inspect` says how many a model needs. `device` and `options` are as for
 * thimble_open.
 *
 * ESP_OK, or with nothing left open: ESP_ERR_INVALID_ARG, ESP_ERR_NOT_FOUND (no such partition),
 * ESP_ERR_NO_MEM, ESP_FAIL (`opened->status` says why the image was refused), and what esp_partition_mmap
 * returns.
 */
esp_err_t thimble_esp_open(const thimble_device *device, unsigned model, unsigned slot, size_t ram_bytes,
                           const thimble_options *options, thimble_esp_model *opened);

/* Closes the model, where it is open, unmaps its slot and frees its RAM. */
void thimble_esp_close(thimble_esp_model *opened);

#ifdef __cplusplus
}
#endif

#endif
