/*
 * Updates of a simulated device: one store, one service for each of its models. Flash is a place in the
 * instance's memory; it changes through imports only, so that the host can be as strict as the hardware,
 * or stricter, and can fail at any of them.
 */
#include <stdint.h>
#include <string.h>

#include "device.h"
#include "thimble_update.h"

IMPORT("flash_program") int32_t host_program(uint32_t address, const uint8_t *data, uint32_t bytes);
IMPORT("flash_erase") int32_t host_erase(uint32_t address);
IMPORT("flash_read") int32_t host_read(uint32_t address, uint32_t bytes);
IMPORT("flash_map") void host_map(uint32_t address, uint32_t bytes);

static const uint8_t *flash_bytes;

static int program(void *context, uint32_t address, const uint8_t *data, uint32_t bytes) {
    (void)context;
    return host_program(address, data, bytes);
}

static int erase(void *context, uint32_t address) {
    (void)context;
    return host_erase(address);
}

static int read(void *context, uint32_t address, uint8_t *data, uint32_t bytes) {
    (void)context;
    if (host_read(address, bytes)) return 1;
    memcpy(data, flash_bytes + address, bytes);
    return 0;
}

static const uint8_t *map(void *context, uint32_t address, uint32_t bytes) {
    (void)context;
    host_map(address, bytes);
    return flash_bytes + address;
}

static thimble_flash flash = {.program = program, .erase = erase, .map = map};
static thimble_slots slots[THIMBLE_MODELS];
static thimble_record records[THIMBLE_MODELS];
static thimble_tail tails[THIMBLE_MODELS];
static thimble_service services[THIMBLE_MODELS];
static thimble_service *user; /* of the RAM that models share */
static thimble_store store = {.flash = &flash, .slots = slots, .records = records, .tails = tails};

thimble_store *wasm_store(void) { return &store; }

thimble_service *wasm_service(uint32_t model) { return &services[model]; }

/* Where flash is in memory, its geometry, and whether reading it may fail. */
EXPORT("flash_set")
void wasm_flash_set(const uint8_t *at, uint32_t sector_bytes, uint32_t program_bytes, int32_t may_fail) {
    flash_bytes         = at;
    flash.read          = may_fail ? read : NULL;
    flash.sector_bytes  = sector_bytes;
    flash.program_bytes = program_bytes;
}

/* The slots of one more model, and the RAM and policy of its service. */
EXPORT("model_add")
void wasm_model_add(uint32_t slot_a, uint32_t slot_b, uint32_t bytes, void *ram, uint32_t ram_bytes,
                    uint32_t trial_starts, uint32_t confirm_after) {
    uint32_t model  = store.model_count++;
    slots[model]    = (thimble_slots){{slot_a, slot_b}, bytes};
    services[model] = (thimble_service){.store     = &store,
                                        .index     = model,
                                        .ram       = ram,
                                        .ram_bytes = ram_bytes,
                                        .policy    = {(uint8_t)trial_starts, confirm_after}};
}

/* The RAM of the model is that of all others of which this is said. */
EXPORT("model_share") void wasm_model_share(uint32_t model) { services[model].shared = &user; }

EXPORT("store_open") int32_t wasm_store_open(uint32_t journal) {
    store.device  = wasm_device();
    store.journal = journal;
    return thimble_store_open(&store);
}

/* A thimble_record, or 0 where there is no such model. */
EXPORT("store_record") const thimble_record *wasm_store_record(uint32_t model) {
    return thimble_store_record(&store, model);
}

/* The offset to go on at, or a negative thimble_status. */
EXPORT("update_begin")
int32_t wasm_update_begin(uint32_t model, uint32_t size, const uint8_t *hash, uint32_t action, uint32_t tag) {
    thimble_offer offer = {.size = size, .action = action, .tag = tag};
    memcpy(offer.hash, hash, sizeof offer.hash);
    uint32_t offset;
    thimble_status status = thimble_update_begin(&store, model, &offer, &offset);
    return status == THIMBLE_OK ? (int32_t)offset : status;
}

EXPORT("update_write") int32_t wasm_update_write(uint32_t model, const uint8_t *data, uint32_t bytes) {
    return thimble_update_write(&store, model, data, bytes);
}

EXPORT("update_finish") int32_t wasm_update_finish(uint32_t model) {
    return thimble_update_finish(&store, model);
}

EXPORT("update_cancel") int32_t wasm_update_cancel(uint32_t model) {
    return thimble_update_cancel(&store, model, THIMBLE_ERR_CANCELLED);
}

EXPORT("update_hold") int32_t wasm_update_hold(uint32_t model, int32_t held) {
    return thimble_update_hold(&store, model, held);
}

EXPORT("update_is_in_service") int32_t wasm_update_is_in_service(uint32_t model) {
    return thimble_update_is_in_service(&store, model);
}

EXPORT("update_reported") int32_t wasm_update_reported(uint32_t model) {
    return thimble_update_reported(&store, model);
}

EXPORT("service_start") int32_t wasm_service_start(uint32_t model) {
    return thimble_service_start(&services[model]);
}

EXPORT("service_switch") int32_t wasm_service_switch(uint32_t model) {
    return thimble_service_switch(&services[model]);
}

EXPORT("service_invoke") int32_t wasm_service_invoke(uint32_t model) {
    return thimble_service_invoke(&services[model]);
}

EXPORT("service_confirm") int32_t wasm_service_confirm(uint32_t model) {
    return thimble_service_confirm(&services[model]);
}

EXPORT("service_reject") int32_t wasm_service_reject(uint32_t model, int32_t reason) {
    return thimble_service_reject(&services[model], (thimble_status)reason);
}

/* The open model of a service, or 0. */
EXPORT("service_model") thimble_model *wasm_service_model(uint32_t model) { return services[model].model; }
