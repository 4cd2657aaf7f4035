#include "crc32.h"

/* Bit by bit: what is checked is written a few times a day. */
uint32_t thimble_crc32(uint32_t before, const uint8_t *data, uint32_t bytes) {
    uint32_t crc = ~before;
    for (uint32_t i = 0; i < bytes; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0xedb88320 & (0u - (crc & 1)));
    }
    return ~crc;
}
