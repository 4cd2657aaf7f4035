/* The partition table of ESP-IDF, as `thimble flash` writes it (SPEC.md). */
#ifndef PARTITION_H
#define PARTITION_H

#include <stddef.h>
#include <stdint.h>

typedef struct partition {
    const uint8_t *data;
    size_t bytes;
} partition;

/* Slot 0 (A) or 1 (B) of a model, in a flash of `flash_bytes`; 1, or 0 where there is none. */
int partition_find(const uint8_t *flash, size_t flash_bytes, uint32_t model, uint32_t slot, partition *found);

/* The journal of updates; 1, or 0 where there is none. */
int partition_find_journal(const uint8_t *flash, size_t flash_bytes, partition *found);

#endif
