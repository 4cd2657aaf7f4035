#include "partition.h"

enum {
    TABLE_OFFSET    = 0x8000,
    TABLE_BYTES     = 0xc00,
    ENTRY_MAGIC     = 0x50aa,
    TYPE_MODEL      = 0x40, /* and the types after it, eight models to each */
    MODELS_PER_TYPE = 8,
    JOURNAL_SUBTYPE = 0x10,
};

typedef struct entry {
    uint16_t magic;
    uint8_t type, subtype;
    uint32_t offset, bytes;
    char label[16];
    uint32_t flags;
} entry;

static int find(const uint8_t *flash, size_t flash_bytes, uint32_t type, uint32_t subtype, partition *found) {
    const entry *table = (const entry *)(const void *)(flash + TABLE_OFFSET);
    for (size_t i = 0; i < TABLE_BYTES / sizeof *table && table[i].magic == ENTRY_MAGIC; i++) {
        const entry *at = &table[i];
        if (at->type != type || at->subtype != subtype) continue;
        if (at->offset > flash_bytes || at->bytes > flash_bytes - at->offset) return 0;
        *found = (partition){flash + at->offset, at->bytes};
        return 1;
    }
    return 0;
}

int partition_find(const uint8_t *flash, size_t flash_bytes, uint32_t model, uint32_t slot,
                   partition *found) {
    return find(flash, flash_bytes, TYPE_MODEL + model / MODELS_PER_TYPE,
                2 * (model % MODELS_PER_TYPE) + slot, found);
}

int partition_find_journal(const uint8_t *flash, size_t flash_bytes, partition *found) {
    return find(flash, flash_bytes, TYPE_MODEL, JOURNAL_SUBTYPE, found);
}
