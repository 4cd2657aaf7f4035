/* What the files of this port share. */
#ifndef THIMBLE_WASM_DEVICE_H
#define THIMBLE_WASM_DEVICE_H

#include "thimble.h"

#define IMPORT(name) __attribute__((import_module("thimble"), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

/* What device_set made of the instance. */
const thimble_device *wasm_device(void);

#endif
