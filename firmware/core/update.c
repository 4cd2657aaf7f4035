#include "thimble_update.h"

#include <string.h>

#include "image.h"
#include "journal.h"

/* ---- states and transitions: SPEC.md, section 6, has the same table ---- */

typedef enum event {
    EVENT_BEGIN,    /* another image is offered */
    EVENT_AGAIN,    /* the same one is offered again */
    EVENT_PROGRESS, /* one more sector of it is in the other slot */
    EVENT_VERIFIED, /* it is complete, and every check that needs no execution has passed */
    EVENT_REFUSED,  /* it is not, or one has not */
    EVENT_HOLD,     /* whoever offered it forbids its trial, or allows it again */
    EVENT_CANCEL,   /* whoever offered it takes it back */
    EVENT_START,    /* the image that waits is about to be opened, on trial */
    EVENT_RESTART,  /* once more, after a reset */
    EVENT_CONFIRM,  /* it does what it should */
    EVENT_REJECT,   /* it does not */
    EVENT_LOST,     /* the image in service is damaged, and the other slot's runs */
    EVENT_REPORTED, /* the outcome is known to whoever ordered the update */
} event;

/* What becomes of the other slot. */
typedef enum other_slot {
    OTHER_KEPT,
    OTHER_FREED,  /* it holds the image that was in service */
    OTHER_BARRED, /* what it holds never runs: it is erased, as far as is needed, once that is journalled */
} other_slot;

typedef struct transition {
    uint8_t from, event, to, other;
} transition;

static const transition transitions[] = {
    {THIMBLE_IDLE, EVENT_BEGIN, THIMBLE_DOWNLOAD, OTHER_KEPT},
    {THIMBLE_DOWNLOAD, EVENT_BEGIN, THIMBLE_DOWNLOAD, OTHER_KEPT},
    {THIMBLE_READY, EVENT_BEGIN, THIMBLE_DOWNLOAD, OTHER_KEPT},
    {THIMBLE_DOWNLOAD, EVENT_AGAIN, THIMBLE_DOWNLOAD, OTHER_KEPT},
    {THIMBLE_READY, EVENT_AGAIN, THIMBLE_READY, OTHER_KEPT},
    {THIMBLE_DOWNLOAD, EVENT_PROGRESS, THIMBLE_DOWNLOAD, OTHER_KEPT},
    {THIMBLE_DOWNLOAD, EVENT_VERIFIED, THIMBLE_READY, OTHER_KEPT},
    {THIMBLE_IDLE, EVENT_REFUSED, THIMBLE_IDLE, OTHER_KEPT},
    {THIMBLE_DOWNLOAD, EVENT_REFUSED, THIMBLE_IDLE, OTHER_BARRED},
    {THIMBLE_READY, EVENT_REFUSED, THIMBLE_IDLE, OTHER_BARRED},
    {THIMBLE_DOWNLOAD, EVENT_HOLD, THIMBLE_DOWNLOAD, OTHER_KEPT},
    {THIMBLE_READY, EVENT_HOLD, THIMBLE_READY, OTHER_KEPT},
    {THIMBLE_DOWNLOAD, EVENT_CANCEL, THIMBLE_IDLE, OTHER_BARRED},
    {THIMBLE_READY, EVENT_CANCEL, THIMBLE_IDLE, OTHER_BARRED},
    {THIMBLE_READY, EVENT_START, THIMBLE_TRIAL, OTHER_KEPT},
    {THIMBLE_TRIAL, EVENT_RESTART, THIMBLE_TRIAL, OTHER_KEPT},
    {THIMBLE_TRIAL, EVENT_CONFIRM, THIMBLE_IDLE, OTHER_FREED},
    {THIMBLE_TRIAL, EVENT_REJECT, THIMBLE_IDLE, OTHER_BARRED},
    {THIMBLE_IDLE, EVENT_LOST, THIMBLE_IDLE, OTHER_KEPT},
    {THIMBLE_IDLE, EVENT_REPORTED, THIMBLE_IDLE, OTHER_KEPT},
};

static const transition *find_transition(const thimble_store *store, uint32_t model, event event) {
    for (size_t i = 0; i < sizeof transitions / sizeof *transitions; i++) {
        const transition *each = &transitions[i];
        if (each->event == event && each->from == store->records[model].state) return each;
    }
    return NULL;
}

static int may(const thimble_store *store, uint32_t model, event event) {
    return find_transition(store, model, event) != NULL;
}

static uint32_t address_of(const thimble_store *store, uint32_t model, uint32_t slot) {
    return store->slots[model].address[slot];
}

/* Without the first sector of an image nothing can be opened. */
static int erase_other(const thimble_store *store, uint32_t model) {
    const thimble_flash *flash = store->flash;
    return flash->erase(flash->context, address_of(store, model, 1 - store->records[model].slot));
}

/*
 * Journals what `record` becomes by an event: the only place where a state changes. THIMBLE_ERR_STATE where the
 * model's state does not allow that. That an image was rejected or lost is so whether or not the journal can take
 * it; everything else has not happened then.
 */
static thimble_status happen(thimble_store *store, thimble_record record, event event) {
    const transition *transition = find_transition(store, record.model, event);
    if (transition == NULL) return THIMBLE_ERR_STATE;
    record.state = transition->to;
    if (transition->other != OTHER_KEPT) record.barred = transition->other == OTHER_BARRED;
    const thimble_status status = thimble_journal_write(store, &record);
    if (status != THIMBLE_OK && event != EVENT_REJECT && event != EVENT_LOST) return status;
    store->records[record.model] = record;
    // Where this fails the journal bars the slot all the same, and the next start tries it again.
    if (transition->other == OTHER_BARRED) (void)erase_other(store, record.model);
    return status;
}

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

/* ---- reading slots ---- */

typedef struct span {
    const uint8_t *at;
    uint32_t bytes;
} span;

/* Maps the first bytes of a slot, all of which can be read. */
static thimble_status map_bytes(const thimble_store *store, uint32_t model, uint32_t slot, span *found) {
    const thimble_flash *flash = store->flash;
    const uint32_t address     = address_of(store, model, slot);
    uint8_t part[THIMBLE_IMAGE_HEADER];
    for (uint32_t at = 0; flash->read != NULL && at < found->bytes; at += sizeof part) {
        const uint32_t left = found->bytes - at;
        if (thimble_flash_read(flash, address + at, part, left < sizeof part ? left : sizeof part))
            return THIMBLE_ERR_FLASH;
    }
    found->at = flash->map(flash->context, address, found->bytes);
    return THIMBLE_OK;
}

/* Maps as much of a slot as its image takes. What lies behind that may be unreadable. */
static thimble_status map_image(const thimble_store *store, uint32_t model, uint32_t slot, span *found) {
    uint8_t header[THIMBLE_IMAGE_HEADER];
    if (thimble_flash_read(store->flash, address_of(store, model, slot), header, sizeof header))
        return THIMBLE_ERR_FLASH;
    found->bytes = thimble_image_extent(header, store->slots[model].bytes);
    return map_bytes(store, model, slot, found);
}

/* ---- download ---- */

/* The offer has an outcome, and the model is as it was before. */
static thimble_status refuse(thimble_store *store, thimble_record record, thimble_status reason) {
    record.reason         = (int8_t)reason;
    record.outcome        = THIMBLE_REFUSED;
    record.offset         = 0;
    record.size           = 0;
    thimble_status status = happen(store, record, EVENT_REFUSED);
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
    if (!may(store, model, EVENT_BEGIN)) return THIMBLE_ERR_STATE;
    thimble_record record = store->records[model];
    const int is_again    = may(store, model, EVENT_AGAIN) && is_same(&record, offer);
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
        thimble_status status = happen(store, record, is_again ? EVENT_AGAIN : EVENT_BEGIN);
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
        thimble_status status = happen(store, record, EVENT_PROGRESS);
        if (status != THIMBLE_OK) return status;
    }
    uint32_t address = address_of(store, model, 1 - record.slot) + position;
    return flash->erase(flash->context, address) ? THIMBLE_ERR_FLASH : THIMBLE_OK;
}

static thimble_status program_at(thimble_store *store, uint32_t model, uint32_t position, const uint8_t *data,
                                 uint32_t bytes) {
    const thimble_flash *flash = store->flash;
    uint32_t slot              = address_of(store, model, 1 - store->records[model].slot);
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
    if (!may(store, model, EVENT_PROGRESS)) return THIMBLE_ERR_STATE;
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
    span found;
    thimble_status status = map_image(store, model, slot, &found);
    if (status != THIMBLE_OK) return status;
    return thimble_image_check(store->device, found.at, found.bytes, store->records[model].security_counter,
                               image);
}

/* Whether the first bytes of a slot are those of the offer. */
static thimble_status slot_has_hash(const thimble_store *store, uint32_t model, uint32_t slot) {
    const thimble_record *record = &store->records[model];
    const thimble_port *port     = store->device->port;
    uint8_t digest[32];
    span found            = {.bytes = record->size};
    thimble_status status = map_bytes(store, model, slot, &found);
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
    if (!may(store, model, EVENT_VERIFIED)) return THIMBLE_ERR_STATE;
    thimble_status status = complete(store, model);
    if (status == THIMBLE_OK) {
        thimble_record record = store->records[model];
        status                = check_download(store, model);
        record.offset         = record.size;
        status = status == THIMBLE_OK ? happen(store, record, EVENT_VERIFIED) : refuse(store, record, status);
    }
    // Flash has failed, and no unit of it is programmed twice.
    if (may(store, model, EVENT_VERIFIED)) go_back(store, model);
    return status;
}

thimble_status thimble_update_hold(thimble_store *store, uint32_t model, int held) {
    if (thimble_store_record(store, model) == NULL) return THIMBLE_ERR_ARGUMENT;
    thimble_record record = store->records[model];
    // Asked at every poll: flash is written where something changes.
    if (may(store, model, EVENT_HOLD) && record.held == (held != 0)) return THIMBLE_OK;
    record.held = held != 0;
    return happen(store, record, EVENT_HOLD);
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
    return happen(store, record, EVENT_CANCEL);
}

thimble_status thimble_update_reported(thimble_store *store, uint32_t model) {
    if (thimble_store_record(store, model) == NULL) return THIMBLE_ERR_ARGUMENT;
    thimble_record record = store->records[model];
    if (record.outcome == THIMBLE_NO_OUTCOME || record.reported) return THIMBLE_OK;
    record.reported = 1;
    return happen(store, record, EVENT_REPORTED);
}

/* ---- a model in service ---- */

static thimble_record record_of(const thimble_service *service) {
    return service->store->records[service->index];
}

static int service_may(const thimble_service *service, event event) {
    return may(service->store, service->index, event);
}

static thimble_status first_failure(thimble_status first, thimble_status second) {
    return first != THIMBLE_OK ? first : second;
}

static void close_model(thimble_service *service) {
    thimble_close(service->model);
    service->model = NULL;
    service->good  = 0;
}

/* Opens the image of a slot in the service's RAM, in which another may have been. */
static thimble_status open_slot(thimble_service *service, uint32_t slot) {
    const thimble_store *store = service->store;
    span image;
    close_model(service);
    thimble_status status = map_image(store, service->index, slot, &image);
    if (status != THIMBLE_OK) return status;
    thimble_options options = service->options != NULL ? *service->options : (thimble_options){0};
    uint32_t least          = store->records[service->index].security_counter;
    if (options.least_security_counter < least) options.least_security_counter = least;
    return thimble_open(store->device, image.at, image.bytes, service->ram, service->ram_bytes, &options,
                        &service->model);
}

/* Whether flash no longer holds the image that was written; everything else may be right at the next start. */
static int is_damage(thimble_status status) {
    switch (status) {
    case THIMBLE_ERR_TRUNCATED:
    case THIMBLE_ERR_MAGIC:
    case THIMBLE_ERR_HEADER:
    case THIMBLE_ERR_TLV:
    case THIMBLE_ERR_HASH:
    case THIMBLE_ERR_SIGNATURE:
    case THIMBLE_ERR_FLASH: return 1;
    default: return 0;
    }
}

/* Opens the slot in service, or else, where that is damaged and may be replaced, the other. */
static thimble_status open_confirmed(thimble_service *service) {
    thimble_record record = record_of(service);
    thimble_status status = open_slot(service, record.slot);
    if (is_damage(status)) status = open_slot(service, record.slot); // reading may fail once
    if (!is_damage(status) || record.barred || !service_may(service, EVENT_LOST)) return status;
    if (open_slot(service, 1 - record.slot) != THIMBLE_OK) return status;
    record.slot     = 1 - record.slot;
    record.reason   = (int8_t)status;
    record.outcome  = THIMBLE_LOST;
    record.reported = 0;
    return first_failure(happen(service->store, record, EVENT_LOST), status);
}

/* Something runs in the end, whatever has failed before. */
static thimble_status resume(thimble_service *service, thimble_status status) {
    return service->model != NULL ? status : first_failure(status, open_confirmed(service));
}

/* Gives the image on trial up for `reason`; the status is the journal's. */
static thimble_status give_up(thimble_service *service, thimble_status reason) {
    thimble_record record = record_of(service);
    record.reason         = (int8_t)reason;
    record.outcome        = THIMBLE_REFUSED;
    record.starts         = 0;
    record.offset         = 0;
    record.size           = 0;
    close_model(service); // its slot is about to be erased
    return happen(service->store, record, EVENT_REJECT);
}

/*
 * One start of the image that waits, or is on trial: counted before it runs, since it may never come back. Where it
 * can't be counted it does not run.
 */
static thimble_status start_trial(thimble_service *service) {
    const event event     = service_may(service, EVENT_START) ? EVENT_START : EVENT_RESTART;
    thimble_record record = record_of(service);
    thimble_status status = THIMBLE_ERR_TRIAL;
    if (event == EVENT_START) record.starts = service->policy.trial_starts;
    if (record.starts > 0) {
        record.starts--;
        status = happen(service->store, record, event);
        if (status == THIMBLE_OK) status = open_slot(service, 1 - record.slot);
    }
    if (status == THIMBLE_OK || !service_may(service, EVENT_REJECT)) return status;
    return first_failure(give_up(service, status), status);
}

/* Power may have failed before the other slot was erased, or that may have failed. */
static void bury(const thimble_service *service) {
    const thimble_store *store   = service->store;
    const thimble_record *record = &store->records[service->index];
    uint8_t magic[4];
    if (!record->barred || !service_may(service, EVENT_LOST)) return;
    const uint32_t address = address_of(store, service->index, 1 - record->slot);
    if (thimble_flash_read(store->flash, address, magic, sizeof magic) ||
        (magic[0] & magic[1] & magic[2] & magic[3]) != 0xff)
        (void)erase_other(store, service->index);
}

static int is_allowed(const thimble_service *service) {
    return service != NULL && service->store != NULL && service->policy.trial_starts > 0 &&
           thimble_store_record(service->store, service->index) != NULL;
}

static int may_start_trial(const thimble_service *service) {
    return service_may(service, EVENT_START) && !record_of(service).held;
}

thimble_status thimble_service_start(thimble_service *service) {
    if (!is_allowed(service)) return THIMBLE_ERR_ARGUMENT;
    service->model        = NULL;
    const int has_trial   = may_start_trial(service) || service_may(service, EVENT_RESTART);
    thimble_status status = has_trial ? start_trial(service) : THIMBLE_OK;
    bury(service);
    return resume(service, status);
}

thimble_status thimble_service_switch(thimble_service *service) {
    if (!is_allowed(service)) return THIMBLE_ERR_ARGUMENT;
    return resume(service, may_start_trial(service) ? start_trial(service) : THIMBLE_OK);
}

thimble_status thimble_service_confirm(thimble_service *service) {
    if (!is_allowed(service)) return THIMBLE_ERR_ARGUMENT;
    const thimble_image *image = thimble_describe(service->model);
    thimble_record record      = record_of(service);
    if (image == NULL || !service_may(service, EVENT_CONFIRM)) return THIMBLE_ERR_STATE;
    if (record.security_counter < image->security_counter) record.security_counter = image->security_counter;
    record.slot    = 1 - record.slot;
    record.starts  = 0;
    record.reason  = THIMBLE_OK;
    record.outcome = THIMBLE_INSTALLED;
    service->good  = 0; // so that a journal that can't take it is not asked at every inference
    return happen(service->store, record, EVENT_CONFIRM);
}

thimble_status thimble_service_reject(thimble_service *service, thimble_status reason) {
    if (!is_allowed(service)) return THIMBLE_ERR_ARGUMENT;
    if (!service_may(service, EVENT_REJECT)) return THIMBLE_ERR_STATE;
    return resume(service, give_up(service, reason));
}

thimble_status thimble_service_invoke(thimble_service *service) {
    if (!is_allowed(service)) return THIMBLE_ERR_ARGUMENT;
    if (service->model == NULL) return THIMBLE_ERR_CLOSED;
    thimble_status status = thimble_invoke(service->model);
    if (!service_may(service, EVENT_CONFIRM)) return status;
    // The caller is told how the inference went, unless even the way back failed.
    if (status != THIMBLE_OK) return first_failure(thimble_service_reject(service, status), status);
    service->good++;
    if (service->policy.confirm_after == 0 || service->good < service->policy.confirm_after)
        return THIMBLE_OK;
    return thimble_service_confirm(service);
}
