/* A model in service: opening it after a reset, putting another on trial, going back. */
#include "journal.h"
#include "slots.h"
#include "thimble_update.h"
#include "transitions.h"

static thimble_record record_of(const thimble_service *service) {
    return service->store->records[service->index];
}

static int service_may(const thimble_service *service, thimble_event event) {
    return thimble_may(service->store, service->index, event);
}

static thimble_status first_failure(thimble_status first, thimble_status second) {
    return first != THIMBLE_OK ? first : second;
}

static void close_model(thimble_service *service) {
    thimble_close(service->model);
    service->model     = NULL;
    service->good      = 0;
    service->is_parked = 0;
}

/* Takes shared RAM from whoever has it; that one's next switch opens its model again. */
static void take_ram(thimble_service *service) {
    if (service->shared == NULL) return;
    thimble_service *other = *service->shared;
    *service->shared       = service;
    if (other == NULL || other == service) return;
    thimble_close(other->model);
    other->model     = NULL;
    other->is_parked = 1;
}

/* Opens the image of a slot in the service's RAM, in which another may have been. */
static thimble_status open_slot(thimble_service *service, uint32_t slot) {
    const thimble_store *store = service->store;
    thimble_span image;
    close_model(service);
    take_ram(service);
    thimble_status status = thimble_slot_map_image(store, service->index, slot, &image);
    if (status != THIMBLE_OK) return status;
    thimble_options options = service->options != NULL ? *service->options : (thimble_options){0};
    uint32_t least          = store->records[service->index].security_counter;
    if (options.least_security_counter < least) options.least_security_counter = least;
    status = thimble_open(store->device, image.at, image.bytes, service->ram, service->ram_bytes, &options,
                          &service->model);
    if (status == THIMBLE_OK && service->opened != NULL)
        service->opened(service->opened_context, service->model);
    return status;
}

/* Whether flash no longer holds the image that was written; everything else may be right at the next start.
 */
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
    return first_failure(thimble_happen(service->store, record, EVENT_LOST), status);
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
    return thimble_happen(service->store, record, EVENT_REJECT);
}

/*
 * One start of the image that waits, or is on trial: counted before it runs, since it may never come back.
 * Where it can't be counted it does not run.
 */
static thimble_status start_trial(thimble_service *service) {
    const thimble_event event = service_may(service, EVENT_START) ? EVENT_START : EVENT_RESTART;
    thimble_record record     = record_of(service);
    thimble_status status     = THIMBLE_ERR_TRIAL;
    if (event == EVENT_START) record.starts = service->policy.trial_starts;
    if (record.starts > 0) {
        record.starts--;
        status = thimble_happen(service->store, record, event);
        if (status == THIMBLE_OK) status = open_slot(service, 1 - record.slot);
    }
    if (status == THIMBLE_OK || !service_may(service, EVENT_REJECT)) return status;
    return first_failure(give_up(service, status), status);
}

/* Opens an image on trial again that had to leave its RAM: no start of it, as it came back from the last. */
static thimble_status reopen_trial(thimble_service *service) {
    const uint32_t good         = service->good;
    const thimble_status status = open_slot(service, 1 - record_of(service).slot);
    service->good               = good;
    return status == THIMBLE_OK ? status : first_failure(give_up(service, status), status);
}

/* Power may have failed before the other slot was erased, or that may have failed. */
static void bury(const thimble_service *service) {
    const thimble_store *store   = service->store;
    const thimble_record *record = &store->records[service->index];
    uint8_t magic[4];
    if (!record->barred || !service_may(service, EVENT_LOST)) return;
    const uint32_t address = thimble_slot_address(store, service->index, 1 - record->slot);
    if (thimble_flash_read(store->flash, address, magic, sizeof magic) ||
        (magic[0] & magic[1] & magic[2] & magic[3]) != 0xff)
        (void)thimble_slot_erase_other(store, service->index);
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
    service->is_parked    = 0;
    const int has_trial   = may_start_trial(service) || service_may(service, EVENT_RESTART);
    thimble_status status = has_trial ? start_trial(service) : THIMBLE_OK;
    bury(service);
    return resume(service, status);
}

thimble_status thimble_service_switch(thimble_service *service) {
    if (!is_allowed(service)) return THIMBLE_ERR_ARGUMENT;
    if (may_start_trial(service)) return resume(service, start_trial(service));
    const int is_on_trial = service->is_parked && service_may(service, EVENT_CONFIRM);
    return resume(service, is_on_trial ? reopen_trial(service) : THIMBLE_OK);
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
    return thimble_happen(service->store, record, EVENT_CONFIRM);
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
    if (status < THIMBLE_OK) return first_failure(thimble_service_reject(service, status), status);
    service->good++;
    if (service->policy.confirm_after == 0 || service->good < service->policy.confirm_after) return status;
    return first_failure(thimble_service_confirm(service), status);
}
