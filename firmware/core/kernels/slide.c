#include "check.h"
#include "native.h"

typedef thimble_slide_arguments arguments;

int thimble_slide(const thimble_memory *memory, const void *block) {
    const arguments *a        = block;
    const thimble_span input  = {a->input, thimble_volume(a->input_bytes, 1, 1, 1)};
    const thimble_span state  = {a->state, thimble_volume(a->window_bytes, 1, 1, 1)};
    const thimble_span output = {a->output, state.bytes};
    if (!thimble_apart(state, input, memory) || !thimble_apart(output, input, memory)) return -1;
    if (!thimble_apart(output, state, memory) || input.bytes > state.bytes) return -1;
    const uint32_t kept = state.bytes - input.bytes;
    uint8_t *window     = memory->written + a->state;
    memmove(window, window + input.bytes, kept);
    memcpy(window + kept, thimble_at(memory, a->input), input.bytes);
    memcpy(memory->written + a->output, window, state.bytes);
    return 0;
}
