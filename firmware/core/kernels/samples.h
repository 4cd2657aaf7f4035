/* Numbers of 16 and 32 bits at addresses that are multiples of their size, and checks of spans of them. */
#ifndef THIMBLE_KERNELS_SAMPLES_H
#define THIMBLE_KERNELS_SAMPLES_H

#include <stdint.h>
#include <string.h>

#include "check.h"

#if defined(__GNUC__)
#define THIMBLE_ALIGNED(at, bytes) __builtin_assume_aligned(at, bytes)
#else
#define THIMBLE_ALIGNED(at, bytes) (at)
#endif

static inline int32_t thimble_sample(const uint8_t *at) {
    int16_t value;
    memcpy(&value, THIMBLE_ALIGNED(at, 2), sizeof value);
    return value;
}

/* The lower 16 bits. */
static inline void thimble_sample_put(uint8_t *at, int32_t value) {
    const uint16_t low = (uint16_t)(uint32_t)value;
    memcpy(THIMBLE_ALIGNED(at, 2), &low, sizeof low);
}

static inline uint32_t thimble_word(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, THIMBLE_ALIGNED(at, 4), sizeof value);
    return value;
}

static inline void thimble_word_put(uint8_t *at, uint32_t value) {
    memcpy(THIMBLE_ALIGNED(at, 4), &value, sizeof value);
}

/* `count` numbers of `bytes` each; a span that fits no memory where count or address is wrong. */
static inline thimble_span thimble_row(uint32_t address, int32_t count, int32_t bytes) {
    const uint32_t size =
        address % (uint32_t)bytes == 0 ? thimble_volume(count, bytes, 1, 1) : THIMBLE_NO_FIT;
    return (thimble_span){address, size};
}

/* Whether `output` may be written while `input` is read, number by number: they are one, or apart. */
static inline bool thimble_beside(thimble_span output, thimble_span input, const thimble_memory *memory) {
    if (output.address == input.address && output.bytes == input.bytes)
        return thimble_writable(output, memory);
    return thimble_apart(output, input, memory);
}

#endif
