#include "native.h"
#include "roots.h"
#include "samples.h"

typedef thimble_square_root_u64_arguments arguments;

static uint32_t nearest_root(uint64_t x) {
    if (x >> 32 != 0) {
        const uint64_t root = thimble_floor_root64(x);
        return (uint32_t)(x - root * root > root && root != UINT32_MAX ? root + 1 : root);
    }
    const uint32_t low = (uint32_t)x;
    if (low == 0) return 0;
    const uint32_t shift = thimble_leading_zeros(low) / 2;
    const uint32_t root  = thimble_floor_root32(low << (2 * shift)) >> shift;
    return low - root * root > root && root != 0xffff ? root + 1 : root;
}

int thimble_square_root_u64(const thimble_memory *memory, const void *block) {
    const arguments *a = block;
    if (a->length < 1 || a->length > INT32_MAX / 8) return -1;
    const thimble_span output = thimble_row(a->output, a->length, 4), bits = thimble_row(a->bits, 1, 4);
    const thimble_span input = thimble_row(a->input, 2 * a->length, 4);
    if (!thimble_apart(output, input, memory) || !thimble_apart(output, bits, memory)) return -1;
    const uint32_t shift = thimble_word(thimble_at(memory, a->bits)) & 31;
    const uint8_t *from  = thimble_at(memory, a->input);
    uint8_t *to          = memory->written + a->output;
    for (uint32_t i = 0; i < output.bytes; i += 4, from += 8) {
        const uint64_t x = thimble_word(from) | (uint64_t)thimble_word(from + 4) << 32;
        thimble_word_put(to + i, nearest_root(x) >> shift);
    }
    return 0;
}
