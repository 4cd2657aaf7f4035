/* CRC-32 of IEEE 802.3. */
#ifndef THIMBLE_CRC32_H
#define THIMBLE_CRC32_H

#include <stdint.h>

/* The CRC of `data` behind other bytes, whose CRC is `before`; 0 where there are none. */
uint32_t thimble_crc32(uint32_t before, const uint8_t *data, uint32_t bytes);

#endif
