/* Updates: the store, and what comes into the slot that is not in service. service.c runs models. */
#include "thimble_update.h"

#include <string.h>

#include "journal.h"
#include "slots.h"
#include "transitions.h"

/* ---- the store ---- */

static int is_power_of_two(uint32_t n) { return n != 0 && (n & (n - 1)) == 0; }

static int has_all_functions(const thimble_store *store) {
    const thimble_flash *flash = store->flash;
    return store->device != NULL && flash != NULL && flash->program != NULL && flash->erase != NULL &&
           flash->map != NULL && store->slots != NULL && store->records != NULL && store->tails != NULL;
}

static int is_aligned(uint32_t value, uint32_t to) { return (value & (to - 1)) == 0; }

static int geometry_is_allowed(const thimble_store *store) {
    const thimble_flash *flash = store->flash;
    const uint32_t sector      = flash->sector_bytes;
    if (!is_power_of_two(sector) || sector < 40 * THIMBLE_JOURNAL_RECORD) return 0;
    if (!is_power_of_two(flash->program_bytes) || flash->program_bytes > THIMBLE_PROGRAM_BYTES) return 0;
    if (!is_aligned(store->journal, sector)) return 0;
    for (uint32_t model = 0; model < store->model_count; model++) {
        const thimble_slots *slots = &store->slots[model];
        if (slots->bytes == 0 || !is_aligned(slots->bytes, sector)) return 0;
        if (!is_aligned(slots->address[0], sector) || !is_aligned(slots->address[1], sector)) return 0;
    }
    return store->model_count >= 1 && store->model_count <= THIMBLE_MODELS;
}

/* A download goes on where a sector begins, which is erased then: what it holds now is not known. */
static void go_back(thimble_store *store, uint32_t model) {
    const thimble_record *record = &store->records[model];
    const uint32_t part          = record->offset & (store->flash->sector_bytes - 1);
    store->tails[model].position = record->offset - (record->state == THIMBLE_DOWNLOAD ? part : 0);
}

thimble_status thimble_store_open(thimble_store *store) {
    if (store == NULL || !has_all_functions(store) || !geometry_is_allowed(store))
        return THIMBLE_ERR_ARGUMENT;
    thimble_journal_read(store);
    for (uint32_t model = 0; model < store->model_count; model++) go_back(store, model);
    return THIMBLE_OK;
}

const thimble_record *thimble_store_record(const thimble_store *store, uint32_t model) {
    return store != NULL && model < store->model_count ? &store->records[model] : NULL;
}

/* ---- download ---- */

/* The offer has an outcome, and the model is as it was before. */
static thimble_status refuse(thimble_store *store, thimble_record record, thimble_status reason) {
    record.reason         = (int8_t)reason;
    record.outcome        = THIMBLE_REFUSED;
    record.offset         = 0;
    record.size           = 0;
    thimble_status status = thimble_happen(store, record, EVENT_REFUSED);
    return status == THIMBLE_OK ? reason : status;
}

static int is_same(const thimble_record *record, const thimble_offer *offer) {
    return record->size == offer->size && record->tag == offer->tag &&
           memcmp(record->hash, offer->hash, 32) == 0;
}

thimble_status thimble_update_begin(thimble_store *store, uint32_t model, const thimble_offer *offer,
                                    uint32_t *offset) {
    if (thimble_store_record(store, model) == NULL || offer == NULL || offset == NULL)
        return THIMBLE_ERR_ARGUMENT;
    if (!thimble_may(store, model, EVENT_BEGIN)) return THIMBLE_ERR_STATE;
    thimble_record record = store->records[model];
    const int is_again    = thimble_may(store, model, EVENT_AGAIN) && is_same(&record, offer);
    const int is_new      = !is_again || record.action != offer->action;
    record.size           = offer->size;
    record.action         = offer->action;
    record.tag            = offer->tag;
    record.outcome        = THIMBLE_NO_OUTCOME;
    record.reported       = 0;
    if (!is_again) record.held = 0;
    memcpy(record.hash, offer->hash, 32);
    // The slot may have become smaller since the download began.
    if (offer->size == 0 || offer->size > store->slots[model].bytes)
        return refuse(store, record, THIMBLE_ERR_SLOT);
    if (!is_again) record.offset = 0;
    if (is_new) {
        thimble_status status = thimble_happen(store, record, is_again ? EVENT_AGAIN : EVENT_BEGIN);
        if (status != THIMBLE_OK) return status;
    }
    if (!is_again) store->tails[model].position = 0;
    *offset = store->tails[model].position;
    return THIMBLE_OK;
}

/* Before the first byte of a sector: those before it are there for certain, and it is made ready. */
static thimble_status enter_sector(thimble_store *store, uint32_t model, uint32_t position) {
    const thimble_flash *flash = store->flash;
    thimble_record record      = store->records[model];
    if (position > record.offset) {
        record.offset         = position;
        thimble_status status = thimble_happen(store, record, EVENT_PROGRESS);
        if (status != THIMBLE_OK) return status;
    }
    uint32_t address = thimble_slot_address(store, model, 1 - record.slot) + position;
    return flash->erase(flash->context, address) ? THIMBLE_ERR_FLASH : THIMBLE_OK;
}

static thimble_status program_at(thimble_store *store, uint32_t model, uint32_t position, const uint8_t *data,
                                 uint32_t bytes) {
    const thimble_flash *flash = store->flash;
    uint32_t slot              = thimble_slot_address(store, model, 1 - store->records[model].slot);
    return flash->program(flash->context, slot + position, data, bytes) ? THIMBLE_ERR_FLASH : THIMBLE_OK;
}

/* Programs the tail, which ends at the position; erased bytes fill it up. */
static thimble_status flush(thimble_store *store, uint32_t model) {
    thimble_tail *tail  = &store->tails[model];
    const uint32_t unit = store->flash->program_bytes, count = (tail->position - 1) % unit + 1;
    memset(tail->bytes + count, 0xff, unit - count);
    return program_at(store, model, tail->position - count, tail->bytes, unit);
}

/* Takes what fits into the current sector, or the current unit where that has begun: how much it was. */
static thimble_status take(thimble_store *store, uint32_t model, const uint8_t *data, uint32_t bytes,
                           uint32_t *taken) {
    thimble_tail *tail  = &store->tails[model];
    const uint32_t unit = store->flash->program_bytes, sector = store->flash->sector_bytes;
    const uint32_t position = tail->position, begun = position % unit;
    if (begun == 0 && bytes >= unit) {
        uint32_t room = sector - position % sector;
        *taken        = (bytes < room ? bytes : room) / unit * unit;
        tail->position += *taken;
        return program_at(store, model, position, data, *taken);
    }
    *taken = bytes < unit - begun ? bytes : unit - begun;
    memcpy(tail->bytes + begun, data, *taken);
    tail->position += *taken;
    return is_aligned(tail->position, unit) ? flush(store, model) : THIMBLE_OK;
}

thimble_status thimble_update_write(thimble_store *store, uint32_t model, const uint8_t *data,
                                    uint32_t bytes) {
    if (thimble_store_record(store, model) == NULL || data == NULL) return THIMBLE_ERR_ARGUMENT;
    if (!thimble_may(store, model, EVENT_PROGRESS)) return THIMBLE_ERR_STATE;
    thimble_tail *tail  = &store->tails[model];
    const uint32_t size = store->records[model].size;
    if (size > store->slots[model].bytes || bytes > size - tail->position) return THIMBLE_ERR_TRUNCATED;
    for (uint32_t done = 0, taken = 0; done < bytes; done += taken) {
        thimble_status status = THIMBLE_OK;
        if (is_aligned(tail->position, store->flash->sector_bytes))
            status = enter_sector(store, model, tail->position);
        if (status == THIMBLE_OK) status = take(store, model, data + done, bytes - done, &taken);
        if (status != THIMBLE_OK) {
            go_back(store, model);
            return status;
        }
    }
    return THIMBLE_OK;
}

static int is_zero(const uint8_t *bytes, size_t count) {
    uint8_t any = 0;
    for (size_t i = 0; i < count; i++) any |= bytes[i];
    return any == 0;
}

static thimble_status check_slot(const thimble_store *store, uint32_t model, uint32_t slot,
                                 thimble_image *image) {
    thimble_span found;
    thimble_status status = thimble_slot_map_image(store, model, slot, &found);
    if (status != THIMBLE_OK) return status;
    return thimble_image_check(store->device, found.at, found.bytes, store->records[model].security_counter,
                               image);
}

/* Whether the first bytes of a slot are those of the offer. */
static thimble_status slot_has_hash(const thimble_store *store, uint32_t model, uint32_t slot) {
    const thimble_record *record = &store->records[model];
    const thimble_port *port     = store->device->port;
    uint8_t digest[32];
    thimble_span found    = {.bytes = record->size};
    thimble_status status = thimble_slot_map(store, model, slot, &found);
    if (status != THIMBLE_OK) return status;
    port->sha256(port->context, found.at, found.bytes, digest);
    return memcmp(digest, record->hash, sizeof digest) == 0 ? THIMBLE_OK : THIMBLE_ERR_HASH;
}

/* Every check that needs no execution. */
static thimble_status check_download(const thimble_store *store, uint32_t model) {
    const thimble_record *record = &store->records[model];
    const uint32_t slot          = record->slot;
    thimble_status status        = THIMBLE_OK;
    if (!is_zero(record->hash, sizeof record->hash)) status = slot_has_hash(store, model, 1 - slot);
    if (status != THIMBLE_OK) return status;
    thimble_image offered, present;
    status = check_slot(store, model, 1 - slot, &offered);
    if (status != THIMBLE_OK) return status;
    if (check_slot(store, model, slot, &present) != THIMBLE_OK) return THIMBLE_OK;
    // The image that came with the device was never confirmed, so the journal may know nothing of its
    // counter.
    if (offered.security_counter < present.security_counter) return THIMBLE_ERR_ROLLBACK;
    // An image of another model would run, and answer nonsense.
    return strcmp(offered.id, present.id) == 0 ? THIMBLE_OK : THIMBLE_ERR_MODEL;
}

/* All of the image is in the slot, its last bytes too. */
static thimble_status complete(thimble_store *store, uint32_t model) {
    const uint32_t size = store->records[model].size;
    if (store->tails[model].position != size || size > store->slots[model].bytes)
        return refuse(store, store->records[model], THIMBLE_ERR_TRUNCATED);
    return is_aligned(size, store->flash->program_bytes) ? THIMBLE_OK : flush(store, model);
}

thimble_status thimble_update_finish(thimble_store *store, uint32_t model) {
    if (thimble_store_record(store, model) == NULL) return THIMBLE_ERR_ARGUMENT;
    if (!thimble_may(store, model, EVENT_VERIFIED)) return THIMBLE_ERR_STATE;
    thimble_status status = complete(store, model);
    if (status == THIMBLE_OK) {
        thimble_record record = store->records[model];
        status                = check_download(store, model);
        record.offset         = record.size;
        status                = status == THIMBLE_OK ? thimble_happen(store, record, EVENT_VERIFIED)
                                                     : refuse(store, record, status);
    }
    // Flash has failed, and no unit of it is programmed twice.
    if (thimble_may(store, model, EVENT_VERIFIED)) go_back(store, model);
    return status;
}

thimble_status thimble_update_hold(thimble_store *store, uint32_t model, int held) {
    if (thimble_store_record(store, model) == NULL) return THIMBLE_ERR_ARGUMENT;
    thimble_record record = store->records[model];
    // Asked at every poll: flash is written where something changes.
    if (thimble_may(store, model, EVENT_HOLD) && record.held == (held != 0)) return THIMBLE_OK;
    record.held = held != 0;
    return thimble_happen(store, record, EVENT_HOLD);
}

int thimble_update_is_in_service(const thimble_store *store, uint32_t model) {
    const thimble_record *record = thimble_store_record(store, model);
    if (record == NULL || record->outcome != THIMBLE_INSTALLED) return 0;
    if (record->size == 0 || record->size > store->slots[model].bytes) return 0;
    return slot_has_hash(store, model, record->slot) == THIMBLE_OK;
}

thimble_status thimble_update_cancel(thimble_store *store, uint32_t model, thimble_status reason) {
    if (thimble_store_record(store, model) == NULL) return THIMBLE_ERR_ARGUMENT;
    thimble_record record = store->records[model];
    record.offset         = 0;
    record.size           = 0;
    record.reason         = (int8_t)reason;
    record.outcome        = THIMBLE_REFUSED;
    return thimble_happen(store, record, EVENT_CANCEL);
}

thimble_status thimble_update_reported(thimble_store *store, uint32_t model) {
    if (thimble_store_record(store, model) == NULL) return THIMBLE_ERR_ARGUMENT;
    thimble_record record = store->records[model];
    if (record.outcome == THIMBLE_NO_OUTCOME || record.reported) return THIMBLE_OK;
    record.reported = 1;
    return thimble_happen(store, record, EVENT_REPORTED);
}
