/*
 * Sums of products for four output channels at a time. Each value that is loaded is used in all of them, so
 * that loads and the loop's own work are spread over more multiplications. The weights lie as the module has
 * them, one channel's in a row, so each channel takes a pointer.
 *
 * Sums are signed, which keeps the compiler from reordering them: callers see to it that they fit, with at
 * most THIMBLE_BLOCK_LENGTH products in a sum and a zero point that is an int8: 2^16 * 2^7 * 255 < 2^31.
 */
#ifndef THIMBLE_KERNELS_BLOCK_H
#define THIMBLE_KERNELS_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum { THIMBLE_BLOCK = 4, THIMBLE_BLOCK_LENGTH = 65536 };

/* Whether sums of so many products fit. */
static inline bool thimble_block_fits(int32_t products, int32_t zero_point) {
    return products <= THIMBLE_BLOCK_LENGTH && zero_point >= INT8_MIN && zero_point <= INT8_MAX;
}

/*
 * sums[channel][position] += weight * value over `length` values, for four filters and four positions.
 * Positions lie `pixel_bytes` apart and filters `filter_bytes`.
 */
void thimble_block_wide(int32_t sums[THIMBLE_BLOCK][THIMBLE_BLOCK], const int8_t *filter,
                        int32_t filter_bytes, const int8_t *pixel, int32_t pixel_bytes, int32_t length);

/* sums[channel] += weight * (value - zero_point), for four filters and one position. */
void thimble_block_narrow(int32_t sums[THIMBLE_BLOCK], const int8_t *filter, int32_t filter_bytes,
                          const int8_t *pixel, int32_t length, int32_t zero_point);

/*
 * Products of an input with the first of `count` rows of weights, modulo 2^32: with four of them where there
 * are that many, otherwise with one. Returns with how many.
 */
int32_t thimble_block_dense(uint32_t sums[THIMBLE_BLOCK], const int8_t *rows, int32_t row_bytes,
                            int32_t count, const int8_t *input);

#endif
