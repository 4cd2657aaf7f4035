#include "thimble_esp.h"

#include "digest.h"
#include "ed25519.h"
#include "esp_heap_caps.h"
#include "esp_log.h"
#include "esp_timer.h"

enum {
    MODEL_TYPE      = 0x40, /* and the types after it, eight models to each: SPEC.md, section 4 */
    MODELS_PER_TYPE = 8,
    MODELS_MAX      = 32,
    RAM_ALIGNMENT   = 8, /* heap_caps_malloc promises 4 */
};

static const char *const tag = "thimble";

/* ---- the port ---- */

static uint32_t ticks(void *context) {
    (void)context;
    return (uint32_t)esp_timer_get_time();
}

static void log_line(void *context, const char *line) {
    (void)context;
    ESP_LOGI(tag, "%s", line);
}

const thimble_port thimble_esp_port = {
    .ticks = ticks, .log = log_line, .sha256 = thimble_esp_sha256, .ed25519_verify = thimble_ed25519_verify};

/* ---- models ---- */

const esp_partition_t *thimble_esp_find_slot(unsigned model, unsigned slot) {
    if (model >= MODELS_MAX || slot > THIMBLE_ESP_SLOT_B) return NULL;
    esp_partition_type_t type       = (esp_partition_type_t)(MODEL_TYPE + model / MODELS_PER_TYPE);
    esp_partition_subtype_t subtype = (esp_partition_subtype_t)(2 * (model % MODELS_PER_TYPE) + slot);
    return esp_partition_find_first(type, subtype, NULL);
}

/* Opens the mapped image; the caller unmaps it where that fails. */
static esp_err_t open_mapped(const thimble_device *device, const void *data, size_t size, size_t ram_bytes,
                             const thimble_options *options, thimble_esp_model *opened) {
    opened->ram = heap_caps_aligned_alloc(RAM_ALIGNMENT, ram_bytes, MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT);
    if (opened->ram == NULL) return ESP_ERR_NO_MEM;
    opened->status = thimble_open(device, data, size, opened->ram, ram_bytes, options, &opened->model);
    if (opened->status == THIMBLE_OK) return ESP_OK;
    heap_caps_free(opened->ram);
    opened->ram = NULL;
    return ESP_FAIL;
}

esp_err_t thimble_esp_open(const thimble_device *device, unsigned model, unsigned slot, size_t ram_bytes,
                           const thimble_options *options, thimble_esp_model *opened) {
    if (opened == NULL) return ESP_ERR_INVALID_ARG;
    *opened = (thimble_esp_model){.model = NULL};
    if (device == NULL || model >= MODELS_MAX || slot > THIMBLE_ESP_SLOT_B) return ESP_ERR_INVALID_ARG;
    const esp_partition_t *partition = thimble_esp_find_slot(model, slot);
    if (partition == NULL) return ESP_ERR_NOT_FOUND;
    const void *data;
    esp_err_t error =
        esp_partition_mmap(partition, 0, partition->size, ESP_PARTITION_MMAP_DATA, &data, &opened->mapping);
    if (error != ESP_OK) return error;
    error = open_mapped(device, data, partition->size, ram_bytes, options, opened);
    if (error != ESP_OK) esp_partition_munmap(opened->mapping);
    return error;
}

void thimble_esp_close(thimble_esp_model *opened) {
    if (opened == NULL || opened->model == NULL) return;
    thimble_close(opened->model);
    esp_partition_munmap(opened->mapping);
    heap_caps_free(opened->ram);
    *opened = (thimble_esp_model){.model = NULL, .status = THIMBLE_ERR_CLOSED};
}
