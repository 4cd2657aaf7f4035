/* Whether a module fits the native stack: SPEC.md, 2.1; in TypeScript host/module/native_stack.ts. */
#include "native_stack.h"

#include "module_subset.h"

/* Half the frame of op_Loop, which is there on every machine. */
#ifdef __arm__
enum { USUAL_BYTES = 20 };
#else
enum { USUAL_BYTES = 4 * sizeof(void *) };
#endif

static uint32_t greater(uint32_t a, uint32_t b) { return a > b ? a : b; }

uint32_t thimble_stack_needed(const thimble_stack_need *need, uint32_t frame_bytes) {
    const uint32_t compile = FRAMES_COMPILE + FRAMES_NESTED * need->nesting;
    const uint32_t run     = FRAMES_RUN + (frame_bytes != 0 ? need->kept_frames : need->frames);
    const uint32_t frames  = greater(greater(compile, run), FRAMES_CHECK);
    return frames * greater(frame_bytes, USUAL_BYTES);
}

uint32_t thimble_frame_bytes_of(const thimble_device *device) {
    return device->frame_bytes != 0 ? device->frame_bytes : thimble_frame_bytes();
}

thimble_status thimble_stack_check(const thimble_device *device, const thimble_stack_need *need) {
    const uint32_t bytes = device->stack_bytes != 0 ? device->stack_bytes : THIMBLE_NATIVE_STACK_BYTES;
    return thimble_stack_needed(need, thimble_frame_bytes_of(device)) <= bytes ? THIMBLE_OK
                                                                               : THIMBLE_ERR_STACK;
}
