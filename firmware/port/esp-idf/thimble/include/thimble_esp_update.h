/*
 * thimble on ESP-IDF: models that are updated. Slots and journal are partitions, requests go by
 * esp_http_client, and a reset by a watchdog or a panic throws out the image on trial.
 *
 * Two tasks may share a store: each holds its lock around calls of thimble_update.h, thimble.h and
 * thimble_ddi_next; thimble_esp_exchange takes it by itself, and never while it waits for the network.
 */
#ifndef THIMBLE_ESP_UPDATE_H
#define THIMBLE_ESP_UPDATE_H

#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "sdkconfig.h"
#include "thimble_ddi.h"
#include "thimble_esp.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THIMBLE_ESP_PARTS (1 + 2 * CONFIG_THIMBLE_MODELS)

/* A partition that is mapped as long as the store is open. */
typedef struct thimble_esp_part {
    const esp_partition_t *partition;
    const void *mapped;
    esp_partition_mmap_handle_t mapping;
} thimble_esp_part;

/* Zeros before it is opened; it may not move while it is open. */
typedef struct thimble_esp_store {
    thimble_store store;   /* for thimble_update.h */
    thimble_status status; /* of thimble_store_open */
    SemaphoreHandle_t lock;
    unsigned part_count; /* the journal, then the slots of every model */
    thimble_esp_part parts[THIMBLE_ESP_PARTS];
    thimble_flash flash;
    thimble_slots slots[CONFIG_THIMBLE_MODELS];
    thimble_record records[CONFIG_THIMBLE_MODELS];
    thimble_tail tails[CONFIG_THIMBLE_MODELS];
} thimble_esp_store;

/*
 * Finds and maps the journal and the slots of models 0 to `models` - 1, and reads the journal.
 *
 * ESP_OK, or with nothing left open: ESP_ERR_INVALID_ARG, ESP_ERR_NOT_FOUND (no journal, or no slots of one
 * of the models), ESP_ERR_NOT_SUPPORTED (a partition is encrypted, or its sectors differ from the others'),
 * ESP_ERR_NO_MEM, ESP_FAIL (`opened->status` says why), and what esp_partition_mmap returns.
 */
esp_err_t thimble_esp_store_open(thimble_esp_store *opened, const thimble_device *device, unsigned models);

/* Unmaps and forgets everything; its services must be closed. */
void thimble_esp_store_close(thimble_esp_store *opened);

void thimble_esp_lock(thimble_esp_store *opened);
void thimble_esp_unlock(thimble_esp_store *opened);

/*
 * thimble_service_start after a reset; where a watchdog or a panic has reset the board during a trial, the
 * image on trial is rejected (THIMBLE_ERR_HEALTH) and the one before is started.
 */
THIMBLE_CHECK_RESULT thimble_status thimble_esp_service_start(thimble_service *service);

/* Seconds since the start, of a clock that never goes back: for thimble_ddi_next. */
uint32_t thimble_esp_seconds(void);

/*
 * Makes the request of thimble_ddi_next and hands the client its answer. Blocks while the network does, up to
 * CONFIG_THIMBLE_HTTP_TIMEOUT_MS for each piece. TLS by ESP-IDF's certificate bundle; redirects are not
 * followed, so that no other host is given the authorization.
 */
void thimble_esp_exchange(thimble_esp_store *opened, thimble_ddi *client, const thimble_ddi_request *request);

#ifdef __cplusplus
}
#endif

#endif
