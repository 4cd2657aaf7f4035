/* The two slots of a model: where they are, and reading them with care. */
#ifndef THIMBLE_SLOTS_H
#define THIMBLE_SLOTS_H

#include "thimble_update.h"

typedef struct thimble_span {
    const uint8_t *at;
    uint32_t bytes;
} thimble_span;

uint32_t thimble_slot_address(const thimble_store *store, uint32_t model, uint32_t slot);

/* Erases the first sector of the slot that is not in service, without which no image opens; 0 where that went
 * well. */
int thimble_slot_erase_other(const thimble_store *store, uint32_t model);

/* Maps the first `found->bytes` of a slot. THIMBLE_ERR_FLASH where one of them can't be read. */
thimble_status thimble_slot_map(const thimble_store *store, uint32_t model, uint32_t slot,
                                thimble_span *found);

/* Maps as much of a slot as its image takes: what lies behind that may be unreadable. */
thimble_status thimble_slot_map_image(const thimble_store *store, uint32_t model, uint32_t slot,
                                      thimble_span *found);

#endif
