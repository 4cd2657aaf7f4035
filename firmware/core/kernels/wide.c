#include "wide.h"

bool thimble_unary_values(const thimble_unary *unary, const thimble_memory *memory, thimble_values *values) {
    const thimble_span output = {unary->output, thimble_volume(unary->length, unary->output_bytes, 1, 1)};
    const thimble_span input  = {unary->input, thimble_volume(unary->length, unary->input_bytes, 1, 1)};
    if (!thimble_writable(output, memory) || !thimble_readable(input, memory)) return false;
    *values = (thimble_values){thimble_at(memory, unary->input), memory->written + unary->output};
    if (unary->input_bytes == 2 && !thimble_even(values->from)) return false;
    return unary->output_bytes != 2 || thimble_even(values->to);
}
