/* Native stack: how much a module takes of it, in this build, and how much there is. */
#ifndef THIMBLE_NATIVE_STACK_H
#define THIMBLE_NATIVE_STACK_H

#include "thimble.h"

/*
 * Bytes that each frame of wasm3's operations keeps on the native stack until its function returns: 0
 * where the compiler makes sibling calls. Measured, by running some of them, since that depends on the
 * compiler, on the machine (windowed Xtensa and Thumb-1 have none), and on the flags of the file that
 * holds the operations (at -Og there are none). In bind.c.
 */
uint32_t thimble_frame_bytes(void);

/* Those of the device, which may say it itself. */
uint32_t thimble_frame_bytes_of(const thimble_device *device);

/* Bytes of native stack below thimble_open and thimble_invoke that a module takes at most. */
uint32_t thimble_stack_needed(const thimble_stack_need *need, uint32_t frame_bytes);

/* THIMBLE_OK, or THIMBLE_ERR_STACK where the module needs more than the device has. */
THIMBLE_CHECK_RESULT
thimble_status thimble_stack_check(const thimble_device *device, const thimble_stack_need *need);

#endif
