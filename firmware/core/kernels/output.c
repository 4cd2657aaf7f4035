#include "output.h"

int32_t thimble_long(const thimble_layer *layer, int32_t sum, int32_t multiplier, int32_t shift) {
    const int32_t scaled = thimble_requantize(sum, multiplier, shift);
    return thimble_to_output(scaled, layer->zero_point, layer->low, layer->high);
}
