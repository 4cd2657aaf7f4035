#include "sigmoid.h"

int thimble_logistic_s16(const thimble_memory *memory, const void *block) {
    static const thimble_sigmoid_kind kind = {
        .bits = 9, .limit = INT16_MAX << 10, .origin = 0, .mirror = 1 << 25, .drop = 10};
    return thimble_sigmoid_run(memory, block, &kind);
}
