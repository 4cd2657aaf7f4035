#include "thimble_update.h"

#include <string.h>

#include "journal.h"

/* ---- states and transitions: SPEC.md, section 6 has the same table ---- */

typedef enum event {
    EVENT_BEGIN,    /* another image is offered */
    EVENT_PROGRESS, /* one more sector of it is in the other slot */
    EVENT_VERIFIED, /* it is complete, and every check that needs no execution has passed */
    EVENT_REFUSED,  /* it is not, or one has not */
    EVENT_HOLD,     /* whoever offered it forbids its trial, or allows it again */
    EVENT_CANCEL,   /* whoever offered it takes it back */
    EVENT_START,    /* the image on trial is about to be opened */
    EVENT_CONFIRM,  /* it does what it should */
    EVENT_REJECT,   /* it does not */
    EVENT_LOST,     /* the slot in service holds no model any more, and the other does */
    EVENT_REPORTED, /* the outcome is known to whoever ordered the update */
} event;

enum { ANY_STATE = 0xff, SAME_STATE = 0xfe };

typedef struct transition {
    uint8_t from, event, to;
} transition;

static const transition transitions[] = {
    {THIMBLE_IDLE, EVENT_BEGIN, THIMBLE_DOWNLOAD},
    {THIMBLE_DOWNLOAD, EVENT_BEGIN, THIMBLE_DOWNLOAD},
    {THIMBLE_READY, EVENT_BEGIN, THIMBLE_DOWNLOAD},
    {THIMBLE_DOWNLOAD, EVENT_PROGRESS, THIMBLE_DOWNLOAD},
    {THIMBLE_DOWNLOAD, EVENT_VERIFIED, THIMBLE_READY},
    {THIMBLE_DOWNLOAD, EVENT_REFUSED, THIMBLE_IDLE},
    {THIMBLE_IDLE, EVENT_REFUSED, THIMBLE_IDLE},
    {THIMBLE_DOWNLOAD, EVENT_HOLD, THIMBLE_DOWNLOAD},
    {THIMBLE_READY, EVENT_HOLD, THIMBLE_READY},
    {THIMBLE_DOWNLOAD, EVENT_CANCEL, THIMBLE_IDLE},
    {THIMBLE_READY, EVENT_CANCEL, THIMBLE_IDLE},
    {THIMBLE_READY, EVENT_START, THIMBLE_TRIAL},
    {THIMBLE_TRIAL, EVENT_START, THIMBLE_TRIAL},
    {THIMBLE_TRIAL, EVENT_CONFIRM, THIMBLE_IDLE},
    {THIMBLE_TRIAL, EVENT_REJECT, THIMBLE_IDLE},
    {THIMBLE_IDLE, EVENT_LOST, THIMBLE_IDLE},
    {ANY_STATE, EVENT_REPORTED, SAME_STATE},
};

static const transition *find_transition(uint8_t state, event event) {
    for (size_t i = 0; i < sizeof transitions / sizeof *transitions; i++) {
        const transition *each = &transitions[i];
        if (each->event == event && (each->from == state || each->from == ANY_STATE)) return each;
    }
    return NULL;
}

/* Journals what `record` becomes by an event. THIMBLE_ERR_STATE where its state does not allow that. */
static thimble_status happen(thimble_store *store, thimble_record record, event event) {
    const transition *transition = find_transition(record.state, event);
    if (transition == NULL) return THIMBLE_ERR_STATE;
    if (transition->to != SAME_STATE) record.state = transition->to;
    return thimble_journal_write(store, &record);
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

thimble_status thimble_store_open(thimble_store *store) {
    if (store == NULL || !has_all_functions(store) || !geometry_is_allowed(store))
        return THIMBLE_ERR_ARGUMENT;
    thimble_journal_read(store);
    for (uint32_t model = 0; model < store->model_count; model++) {
        store->tails[model].position = store->records[model].offset;
    }
    return THIMBLE_OK;
}

const thimble_record *thimble_store_record(const thimble_store *store, uint32_t model) {
    return store != NULL && model < store->model_count ? &store->records[model] : NULL;
}

static uint32_t address_of(const thimble_store *store, uint32_t model, uint32_t slot) {
    return store->slots[model].address[slot];
}

static const uint8_t *map_slot(const thimble_store *store, uint32_t model, uint32_t slot) {
    const thimble_flash *flash = store->flash;
    return flash->map(flash->context, address_of(store, model, slot), store->slots[model].bytes);
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
    thimble_record record = store->records[model];
    if (record.state == THIMBLE_TRIAL) return THIMBLE_ERR_STATE;
    const int resumes = record.state == THIMBLE_DOWNLOAD && is_same(&record, offer);
    if (!resumes) {
        store->tails[model].position = 0;
        record.offset                = 0;
    }
    *offset = store->tails[model].position;
    if (resumes && record.action == offer->action) return THIMBLE_OK;
    record.size     = offer->size;
    record.action   = offer->action;
    record.tag      = offer->tag;
    record.outcome  = THIMBLE_NO_OUTCOME;
    record.reported = 0;
    if (!resumes) record.held = 0;
    memcpy(record.hash, offer->hash, 32);
    if (offer->size == 0 || offer->size > store->slots[model].bytes) {
        record.state = THIMBLE_DOWNLOAD;
        return refuse(store, record, THIMBLE_ERR_SLOT);
    }
    return happen(store, record, EVENT_BEGIN);
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
    if (store->records[model].state != THIMBLE_DOWNLOAD) return THIMBLE_ERR_STATE;
    thimble_tail *tail = &store->tails[model];
    if (bytes > store->records[model].size - tail->position) return THIMBLE_ERR_TRUNCATED;
    for (uint32_t done = 0, taken = 0; done < bytes; done += taken) {
        thimble_status status = THIMBLE_OK;
        if (is_aligned(tail->position, store->flash->sector_bytes))
            status = enter_sector(store, model, tail->position);
        if (status == THIMBLE_OK) status = take(store, model, data + done, bytes - done, &taken);
        if (status != THIMBLE_OK) {
            // What the sector holds now is not known: the next attempt begins with erasing it.
            tail->position = store->records[model].offset;
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

/* The id of the image in a slot; empty where there is no image, or none that is to be trusted. */
static thimble_status check_slot(const thimble_store *store, uint32_t model, uint32_t slot,
                                 thimble_image *image) {
    thimble_status status = thimble_image_check(store->device, map_slot(store, model, slot),
                                                store->slots[model].bytes,
                                                store->records[model].security_counter, image);
    if (status != THIMBLE_OK) image->id[0] = '\0';
    return status;
}

/* Every check that needs no execution. */
static thimble_status check_download(const thimble_store *store, uint32_t model) {
    const thimble_record *record = &store->records[model];
    const uint8_t *data          = map_slot(store, model, 1 - record->slot);
    if (store->tails[model].position != record->size) return THIMBLE_ERR_TRUNCATED;
    if (!is_zero(record->hash, sizeof record->hash)) {
        uint8_t digest[32];
        store->device->port->sha256(store->device->port->context, data, record->size, digest);
        if (memcmp(digest, record->hash, sizeof digest) != 0) return THIMBLE_ERR_HASH;
    }
    thimble_image offered, present;
    thimble_status status = check_slot(store, model, 1 - record->slot, &offered);
    if (status != THIMBLE_OK) return status;
    if (check_slot(store, model, record->slot, &present) != THIMBLE_OK) return THIMBLE_OK;
    // The image that came with the device was never confirmed, so the journal may know nothing of its
    // counter.
    if (offered.security_counter < present.security_counter) return THIMBLE_ERR_ROLLBACK;
    // An image of another model would run, and answer nonsense.
    return strcmp(offered.id, present.id) == 0 ? THIMBLE_OK : THIMBLE_ERR_MODEL;
}

thimble_status thimble_update_finish(thimble_store *store, uint32_t model) {
    if (thimble_store_record(store, model) == NULL) return THIMBLE_ERR_ARGUMENT;
    thimble_record record = store->records[model];
    if (record.state != THIMBLE_DOWNLOAD) return THIMBLE_ERR_STATE;
    uint32_t position = store->tails[model].position;
    if (position == record.size && !is_aligned(position, store->flash->program_bytes)) {
        thimble_status status = flush(store, model);
        if (status != THIMBLE_OK) return status;
    }
    thimble_status status = check_download(store, model);
    if (status != THIMBLE_OK) return refuse(store, record, status);
    record.offset = record.size;
    return happen(store, record, EVENT_VERIFIED);
}

thimble_status thimble_update_hold(thimble_store *store, uint32_t model, int held) {
    if (thimble_store_record(store, model) == NULL) return THIMBLE_ERR_ARGUMENT;
    thimble_record record = store->records[model];
    // Asked at every poll: flash is written where something changes.
    if (find_transition(record.state, EVENT_HOLD) != NULL && record.held == (held != 0)) return THIMBLE_OK;
    record.held = held != 0;
    return happen(store, record, EVENT_HOLD);
}

int thimble_update_is_in_service(const thimble_store *store, uint32_t model) {
    const thimble_record *record = thimble_store_record(store, model);
    if (record == NULL || record->outcome != THIMBLE_INSTALLED) return 0;
    if (record->size == 0 || record->size > store->slots[model].bytes) return 0;
    uint8_t digest[32];
    store->device->port->sha256(store->device->port->context, map_slot(store, model, record->slot),
                                record->size, digest);
    return memcmp(digest, record->hash, sizeof digest) == 0;
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

/* Opens the image of a slot in the service's RAM, in which another may have been. */
static thimble_status open_slot(thimble_service *service, uint32_t slot) {
    const thimble_store *store = service->store;
    thimble_close(service->model);
    service->model          = NULL;
    service->good           = 0;
    thimble_options options = service->options != NULL ? *service->options : (thimble_options){0};
    uint32_t least          = store->records[service->index].security_counter;
    if (options.least_security_counter < least) options.least_security_counter = least;
    return thimble_open(store->device, map_slot(store, service->index, slot),
                        store->slots[service->index].bytes, service->ram, service->ram_bytes, &options,
                        &service->model);
}

/* Opens the slot in service, or else the other where that holds a model that runs. */
static thimble_status open_confirmed(thimble_service *service) {
    thimble_record record = record_of(service);
    thimble_status status = open_slot(service, record.slot);
    if (status == THIMBLE_OK || record.state != THIMBLE_IDLE) return status;
    if (open_slot(service, 1 - record.slot) != THIMBLE_OK) return status;
    record.slot               = 1 - record.slot;
    thimble_status journalled = happen(service->store, record, EVENT_LOST);
    return journalled == THIMBLE_OK ? status : journalled;
}

/* Gives the image on trial up for `reason`, and opens the one before. */
static thimble_status give_up(thimble_service *service, thimble_status reason) {
    thimble_record record = record_of(service);
    record.reason         = (int8_t)reason;
    record.outcome        = THIMBLE_REFUSED;
    record.starts         = 0;
    record.offset         = 0;
    record.size           = 0;
    thimble_status status = happen(service->store, record, EVENT_REJECT);
    if (status != THIMBLE_OK) return status;
    status = open_confirmed(service);
    return status == THIMBLE_OK ? reason : status;
}

/* One start of the image on trial: counted before it runs, since it may never come back. */
static thimble_status start_trial(thimble_service *service) {
    thimble_record record = record_of(service);
    if (record.state == THIMBLE_READY) record.starts = service->policy.trial_starts;
    if (record.starts == 0) return give_up(service, THIMBLE_ERR_TRIAL);
    record.starts--;
    thimble_status status = happen(service->store, record, EVENT_START);
    if (status != THIMBLE_OK) return status;
    status = open_slot(service, 1 - record.slot);
    return status == THIMBLE_OK ? THIMBLE_OK : give_up(service, status);
}

static int is_allowed(const thimble_service *service) {
    return service != NULL && service->store != NULL && service->policy.trial_starts > 0 &&
           thimble_store_record(service->store, service->index) != NULL;
}

static int may_start_trial(const thimble_service *service) {
    const thimble_record record = record_of(service);
    return record.state == THIMBLE_READY && !record.held;
}

thimble_status thimble_service_start(thimble_service *service) {
    if (!is_allowed(service)) return THIMBLE_ERR_ARGUMENT;
    service->model = NULL;
    return may_start_trial(service) || record_of(service).state == THIMBLE_TRIAL ? start_trial(service)
                                                                                 : open_confirmed(service);
}

thimble_status thimble_service_switch(thimble_service *service) {
    if (!is_allowed(service)) return THIMBLE_ERR_ARGUMENT;
    return may_start_trial(service) ? start_trial(service) : THIMBLE_OK;
}

thimble_status thimble_service_confirm(thimble_service *service) {
    if (!is_allowed(service)) return THIMBLE_ERR_ARGUMENT;
    const thimble_image *image = thimble_describe(service->model);
    thimble_record record      = record_of(service);
    if (record.state != THIMBLE_TRIAL || image == NULL) return THIMBLE_ERR_STATE;
    if (record.security_counter < image->security_counter) record.security_counter = image->security_counter;
    record.slot    = 1 - record.slot;
    record.starts  = 0;
    record.reason  = THIMBLE_OK;
    record.outcome = THIMBLE_INSTALLED;
    return happen(service->store, record, EVENT_CONFIRM);
}

thimble_status thimble_service_reject(thimble_service *service, thimble_status reason) {
    if (!is_allowed(service)) return THIMBLE_ERR_ARGUMENT;
    if (record_of(service).state != THIMBLE_TRIAL) return THIMBLE_ERR_STATE;
    thimble_status status = give_up(service, reason);
    return status == reason ? THIMBLE_OK : status;
}

thimble_status thimble_service_invoke(thimble_service *service) {
    if (!is_allowed(service)) return THIMBLE_ERR_ARGUMENT;
    thimble_status status = thimble_invoke(service->model);
    if (record_of(service).state != THIMBLE_TRIAL) return status;
    if (status != THIMBLE_OK) {
        // The caller is told how the inference went, unless even the way back failed.
        thimble_status rejected = thimble_service_reject(service, status);
        return rejected == THIMBLE_OK ? status : rejected;
    }
    service->good++;
    if (service->policy.confirm_after == 0 || service->good < service->policy.confirm_after)
        return THIMBLE_OK;
    return thimble_service_confirm(service);
}
