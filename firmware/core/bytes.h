/* Little-endian numbers at any address. */
#ifndef THIMBLE_BYTES_H
#define THIMBLE_BYTES_H

#include <stdint.h>

static inline uint16_t thimble_get_u16(const uint8_t *at) { return (uint16_t)(at[0] | at[1] << 8); }

static inline uint32_t thimble_get_u32(const uint8_t *at) {
    return thimble_get_u16(at) | (uint32_t)thimble_get_u16(at + 2) << 16;
}

static inline void thimble_put_u16(uint8_t *at, uint16_t value) {
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static inline void thimble_put_u32(uint8_t *at, uint32_t value) {
    for (int i = 0; i < 4; i++) at[i] = (uint8_t)(value >> (8 * i));
}

#endif
