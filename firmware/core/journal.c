#include "journal.h"

#include <string.h>

#include "bytes.h"
#include "crc32.h"

/*
 * Two sectors, one in use. A record is appended by programming erased bytes; one that a loss of power cut
 * short has a wrong CRC, or can't be read, and is skipped. When the sector is full the latest records go to
 * the other one, whose header is written last: until then the full sector counts.
 */

enum {
    RECORD       = THIMBLE_JOURNAL_RECORD,
    CRC_AT       = RECORD - 4,
    FIRST        = 1,          /* record 0 of a sector is its header */
    HEADER_MAGIC = 0x6e6a6874, /* "thjn" */
};

static int is_intact(const uint8_t *record) {
    return thimble_get_u32(record + CRC_AT) == thimble_crc32(0, record, CRC_AT);
}

static int is_erased(const uint8_t *record) {
    for (int i = 0; i < RECORD; i++) {
        if (record[i] != 0xff) return 0;
    }
    return 1;
}

static void encode(const thimble_record *from, uint8_t record[RECORD]) {
    memset(record, 0, RECORD);
    record[0] = from->model;
    record[1] = from->state;
    record[2] = from->slot;
    record[3] = from->starts;
    thimble_put_u32(record + 4, from->offset);
    thimble_put_u32(record + 8, from->size);
    memcpy(record + 12, from->hash, 32);
    thimble_put_u32(record + 44, from->security_counter);
    thimble_put_u32(record + 48, from->action);
    thimble_put_u32(record + 52, from->tag);
    record[56] = (uint8_t)from->reason;
    record[57] = from->outcome;
    record[58] = from->reported;
    record[59] = (uint8_t)(from->held | from->barred << 1);
    thimble_put_u32(record + CRC_AT, thimble_crc32(0, record, CRC_AT));
}

/* False where the fields make no sense: then the record is of other firmware, and not used. */
static int decode(const uint8_t *record, const thimble_store *store, thimble_record *to) {
    *to = (thimble_record){.model            = record[0],
                           .state            = record[1],
                           .slot             = record[2],
                           .starts           = record[3],
                           .offset           = thimble_get_u32(record + 4),
                           .size             = thimble_get_u32(record + 8),
                           .security_counter = thimble_get_u32(record + 44),
                           .action           = thimble_get_u32(record + 48),
                           .tag              = thimble_get_u32(record + 52),
                           .reason           = (int8_t)record[56],
                           .outcome          = record[57],
                           .reported         = record[58],
                           .held             = record[59] & 1,
                           .barred           = record[59] >> 1};
    memcpy(to->hash, record + 12, 32);
    if (to->model >= store->model_count || to->state > THIMBLE_TRIAL || to->slot > 1) return 0;
    return to->offset <= to->size && to->outcome <= THIMBLE_LOST && to->barred <= 1;
}

static uint32_t capacity(const thimble_store *store) { return store->flash->sector_bytes / RECORD; }

static uint32_t address_of(const thimble_store *store, uint32_t sector, uint32_t index) {
    return store->journal + sector * store->flash->sector_bytes + index * RECORD;
}

int thimble_flash_read(const thimble_flash *flash, uint32_t address, uint8_t *data, uint32_t bytes) {
    if (flash->read != NULL) return flash->read(flash->context, address, data, bytes);
    memcpy(data, flash->map(flash->context, address, bytes), bytes);
    return 0;
}

static int get_record(const thimble_store *store, uint32_t sector, uint32_t index, uint8_t record[RECORD]) {
    return thimble_flash_read(store->flash, address_of(store, sector, index), record, RECORD);
}

static thimble_status put_record(const thimble_store *store, uint32_t sector, uint32_t index,
                                 const uint8_t record[RECORD]) {
    const thimble_flash *flash = store->flash;
    uint8_t found[RECORD];
    int failed = flash->program(flash->context, address_of(store, sector, index), record, RECORD);
    // A written record is read back: a worn cell is noticed here, and not after the next reset.
    if (failed || get_record(store, sector, index, found) || memcmp(found, record, RECORD) != 0)
        return THIMBLE_ERR_FLASH;
    return THIMBLE_OK;
}

/* The generation that a sector's header has; 0 where it has none. */
static uint32_t generation_of(const thimble_store *store, uint32_t sector) {
    uint8_t header[RECORD];
    if (get_record(store, sector, 0, header) || !is_intact(header)) return 0;
    return thimble_get_u32(header) == HEADER_MAGIC ? thimble_get_u32(header + 4) : 0;
}

void thimble_journal_read(thimble_store *store) {
    for (uint32_t model = 0; model < store->model_count; model++) {
        store->records[model] = (thimble_record){.model = (uint8_t)model};
    }
    uint32_t generations[2] = {generation_of(store, 0), generation_of(store, 1)};
    store->sector           = generations[1] > generations[0];
    store->generation       = generations[store->sector];
    store->next             = capacity(store);
    if (store->generation == 0) return;
    store->next = FIRST;
    for (uint32_t index = FIRST; index < capacity(store); index++) {
        uint8_t record[RECORD];
        const int failed = get_record(store, store->sector, index, record);
        // Flash that has aged may have bits behind the last record too: nothing is written before them.
        if (!failed && is_erased(record)) continue;
        store->next = index + 1;
        thimble_record found;
        if (!failed && is_intact(record) && decode(record, store, &found))
            store->records[found.model] = found;
    }
}

/* Moves all records to the other sector, with `changed` in place of its model's. */
static thimble_status change_sector(thimble_store *store, const thimble_record *changed) {
    const thimble_flash *flash = store->flash;
    uint32_t sector            = store->generation == 0 ? 0 : 1 - store->sector;
    if (flash->erase(flash->context, address_of(store, sector, 0))) return THIMBLE_ERR_FLASH;
    uint8_t record[RECORD];
    for (uint32_t model = 0; model < store->model_count; model++) {
        encode(model == changed->model ? changed : &store->records[model], record);
        thimble_status status = put_record(store, sector, FIRST + model, record);
        if (status != THIMBLE_OK) return status;
    }
    memset(record, 0, RECORD);
    thimble_put_u32(record, HEADER_MAGIC);
    thimble_put_u32(record + 4, store->generation + 1);
    thimble_put_u32(record + CRC_AT, thimble_crc32(0, record, CRC_AT));
    thimble_status status = put_record(store, sector, 0, record);
    if (status != THIMBLE_OK) return status;
    store->generation++;
    store->sector = sector;
    store->next   = FIRST + store->model_count;
    return THIMBLE_OK;
}

thimble_status thimble_journal_write(thimble_store *store, const thimble_record *record) {
    thimble_status status = THIMBLE_ERR_FLASH;
    if (store->next < capacity(store)) {
        uint8_t bytes[RECORD];
        encode(record, bytes);
        status = put_record(store, store->sector, store->next++, bytes);
    }
    // A full sector, or a cell that does not take its bits any more: the other sector may.
    if (status != THIMBLE_OK) status = change_sector(store, record);
    if (status == THIMBLE_OK) store->records[record->model] = *record;
    return status;
}
