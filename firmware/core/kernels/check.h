/*
 * Checks of what a kernel is called with (SECURITY.md: no access outside of linear memory, whatever a module
 * passes). A kernel makes all of them before its first access; what they let through can't overflow below.
 *
 * Sizes are of elements of one byte. Neither a tensor nor an address may be 2^31 bytes or more.
 */
#ifndef THIMBLE_KERNELS_CHECK_H
#define THIMBLE_KERNELS_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "native kernels read WebAssembly's little-endian memory directly"
#endif

/* A number of bytes that fits no memory: what the functions below make of wrong sizes. */
#define THIMBLE_NO_FIT UINT32_MAX

/* Bytes of linear memory that a kernel reads or writes. */
typedef struct thimble_span {
    int32_t address;
    uint32_t bytes;
} thimble_span;

/* a * b * c * d, or THIMBLE_NO_FIT where one is below 1 or the product is 2^31 or more. */
uint32_t thimble_volume(int32_t a, int32_t b, int32_t c, int32_t d);

/*
 * Bytes from the first to the last that strided axes reach, where the innermost has `bytes` in a row; or
 * THIMBLE_NO_FIT where a size is below 1, a stride negative, or the result 2^31 or more.
 */
uint32_t thimble_extent(uint32_t bytes, const int32_t *sizes, const int32_t *strides, unsigned axes);

/* Whether every span has at least one byte and lies in linear memory. */
bool thimble_inside(const thimble_span *spans, unsigned count, uint32_t memory_bytes);

/* Also that those which are written overlap neither each other nor the others. */
bool thimble_apart(const thimble_span *written, unsigned written_count, const thimble_span *others,
                   unsigned count, uint32_t memory_bytes);

/* The same where only the first one is written. */
bool thimble_inside_apart(const thimble_span *spans, unsigned count, uint32_t memory_bytes);

/* Whether that many bytes fit linear memory, wherever they are: a bound for the work to be done. */
static inline bool thimble_fits(uint32_t bytes, uint32_t memory_bytes) {
    return bytes <= INT32_MAX && bytes <= memory_bytes;
}

/*
 * Whether a window can slide along an axis of `input` values and make `output` of them: steps positive,
 * padding not negative, and every coordinate, one past a window included, within int32.
 */
bool thimble_axis_valid(int32_t input, int32_t output, int32_t kernel, int32_t stride, int32_t dilation,
                        int32_t padding);

/* What thimble_requantize takes. */
static inline bool thimble_shift_valid(int32_t shift) {
    return shift >= -31 && shift <= 31;
}

/*
 * Whether `channels` values of bias and multiplier are aligned for thimble_load, and all shifts valid. The
 * three must lie in memory, apart from the output: or they would change after the check.
 */
bool thimble_channels_valid(const uint8_t *memory, int32_t bias, int32_t multiplier, int32_t shift,
                            int32_t channels);

/* Element `index` of an i32 array. A load of unaligned bytes would take ten instructions on rv32imac. */
static inline int32_t thimble_load(const uint8_t *array, int32_t index) {
    int32_t value;
#if defined(__GNUC__)
    array = __builtin_assume_aligned(array, sizeof value);
#endif
    memcpy(&value, array + (uint32_t)index * sizeof value, sizeof value);
    return value;
}

static inline bool thimble_load_valid(const uint8_t *array) {
    return (uintptr_t)array % sizeof(int32_t) == 0;
}

#endif
