#include "slots.h"

#include "image.h"
#include "journal.h"

uint32_t thimble_slot_address(const thimble_store *store, uint32_t model, uint32_t slot) {
    return store->slots[model].address[slot];
}

int thimble_slot_erase_other(const thimble_store *store, uint32_t model) {
    const thimble_flash *flash = store->flash;
    return flash->erase(flash->context, thimble_slot_address(store, model, 1 - store->records[model].slot));
}

thimble_status thimble_slot_map(const thimble_store *store, uint32_t model, uint32_t slot,
                                thimble_span *found) {
    const thimble_flash *flash = store->flash;
    const uint32_t address     = thimble_slot_address(store, model, slot);
    uint8_t part[THIMBLE_IMAGE_HEADER];
    for (uint32_t at = 0; flash->read != NULL && at < found->bytes; at += sizeof part) {
        const uint32_t left = found->bytes - at;
        if (thimble_flash_read(flash, address + at, part, left < sizeof part ? left : sizeof part))
            return THIMBLE_ERR_FLASH;
    }
    found->at = flash->map(flash->context, address, found->bytes);
    return THIMBLE_OK;
}

thimble_status thimble_slot_map_image(const thimble_store *store, uint32_t model, uint32_t slot,
                                      thimble_span *found) {
    uint8_t header[THIMBLE_IMAGE_HEADER];
    if (thimble_flash_read(store->flash, thimble_slot_address(store, model, slot), header, sizeof header))
        return THIMBLE_ERR_FLASH;
    found->bytes = thimble_image_extent(header, store->slots[model].bytes);
    return thimble_slot_map(store, model, slot, found);
}
