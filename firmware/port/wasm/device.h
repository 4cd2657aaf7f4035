/* Declarations that the files of this port share. */
#ifndef THIMBLE_WASM_DEVICE_H
#define THIMBLE_WASM_DEVICE_H

#include "thimble_update.h"

#define IMPORT(name) __attribute__((import_module("thimble"), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

/* The state that device_set gave the instance. */
const thimble_device *wasm_device(void);

/* The models that model_add gave it. */
thimble_store *wasm_store(void);

/* The service of one of them. */
thimble_service *wasm_service(uint32_t model);

#endif
