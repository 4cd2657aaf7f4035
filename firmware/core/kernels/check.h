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

#include "../kernels.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "native kernels read WebAssembly's little-endian memory directly"
#endif

/* A number of bytes that fits no memory: what the functions below make of wrong sizes. */
#define THIMBLE_NO_FIT UINT32_MAX

/* Bytes of linear memory that a kernel reads or writes. */
typedef struct thimble_span {
    uint32_t address;
    uint32_t bytes;
} thimble_span;

/* a * b * c * d, or THIMBLE_NO_FIT where one is below 1 or the product is 2^31 or more. */
uint32_t thimble_volume(int32_t a, int32_t b, int32_t c, int32_t d);

/*
 * Bytes from the first to the last that strided axes reach, where the innermost has `bytes` in a row; or
 * THIMBLE_NO_FIT where a size is below 1, a stride negative, or the result 2^31 or more.
 */
uint32_t thimble_extent(uint32_t bytes, const int32_t *sizes, const int32_t *strides, unsigned axes);

static inline bool thimble_between(thimble_span span, uint32_t begin, uint32_t end) {
    return span.bytes - 1u < INT32_MAX && span.address >= begin && span.address <= end &&
           span.bytes <= end - span.address;
}

/* Whether a span has at least one byte and lies in the part of memory that is written. */
static inline bool thimble_writable(thimble_span span, const thimble_memory *memory) {
    return thimble_between(span, 0, memory->constants_at);
}

/* Whether it lies among the constants: then nothing overlaps it that is written. */
static inline bool thimble_constant(thimble_span span, const thimble_memory *memory) {
    return thimble_between(span, memory->constants_at, memory->bytes);
}

/* Whether it lies in one of the two. */
static inline bool thimble_readable(thimble_span span, const thimble_memory *memory) {
    return thimble_writable(span, memory) || thimble_constant(span, memory);
}

/* Whether all of them are constants. */
bool thimble_constants(const thimble_span *spans, unsigned count, const thimble_memory *memory);

/* Of two spans that lie in memory: the sums can't overflow. */
static inline bool thimble_overlap(thimble_span a, thimble_span b) {
    return a.address < b.address + b.bytes && b.address < a.address + a.bytes;
}

/* Whether `output` can be written, and `input` read that has nothing in common with it. */
static inline bool thimble_apart(thimble_span output, thimble_span input, const thimble_memory *memory) {
    return thimble_writable(output, memory) && thimble_readable(input, memory) &&
           !thimble_overlap(output, input);
}

/* Where to read what a checked span holds. */
static inline const uint8_t *thimble_at(const thimble_memory *memory, uint32_t address) {
    if (address < memory->constants_at) return memory->written + address;
    return memory->constants + (address - memory->constants_at);
}

/* Whether that many bytes fit linear memory, wherever they are: a bound for the work to be done. */
static inline bool thimble_fits(uint32_t bytes, const thimble_memory *memory) {
    return bytes <= INT32_MAX && bytes <= memory->bytes;
}

/*
 * Whether a window can slide along an axis of `input` values and make `output` of them: steps positive,
 * padding not negative, and every coordinate, one past a window included, within int32.
 */
bool thimble_axis_valid(int32_t input, int32_t output, int32_t kernel, int32_t stride, int32_t dilation,
                        int32_t padding);

/* What thimble_requantize takes. */
static inline bool thimble_shift_valid(int32_t shift) { return shift >= -31 && shift <= 31; }

/* The tables of a layer with a factor for each of its output channels. */
typedef struct thimble_tables {
    uint32_t weights, bias, multiplier, shift;
} thimble_tables;

/*
 * Whether the tables of `channels` channels of `terms` weights each are constants, bias and multiplier
 * aligned for thimble_load, and all shifts valid.
 */
bool thimble_tables_valid(const thimble_tables *tables, int32_t channels, int32_t terms,
                          const thimble_memory *memory);

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
