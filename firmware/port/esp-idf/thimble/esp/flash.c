/* Slots and journal as partitions. Addresses are those of the flash chip, as the partition table has them. */
#include "esp_system.h"
#include "esp_timer.h"
#include "thimble_esp_update.h"

enum {
    JOURNAL_TYPE    = 0x40, /* SPEC.md, section 4 */
    JOURNAL_SUBTYPE = 0x10,
    PROGRAM_BYTES   = 4,
    SECOND          = 1000000
};

/* ---- thimble_flash ---- */

static const thimble_esp_part *part_at(const thimble_esp_store *opened, uint32_t address, uint32_t bytes) {
    for (unsigned i = 0; i < opened->part_count; i++) {
        const esp_partition_t *partition = opened->parts[i].partition;
        if (address < partition->address || bytes > partition->size) continue;
        if (address - partition->address <= partition->size - bytes) return &opened->parts[i];
    }
    return NULL;
}

static size_t offset_in(const thimble_esp_part *part, uint32_t address) {
    return address - part->partition->address;
}

static int program(void *context, uint32_t address, const uint8_t *data, uint32_t bytes) {
    const thimble_esp_part *part = part_at(context, address, bytes);
    if (part == NULL) return 1;
    return esp_partition_write(part->partition, offset_in(part, address), data, bytes) != ESP_OK;
}

static int erase(void *context, uint32_t address) {
    const thimble_esp_store *opened = context;
    const uint32_t sector           = opened->flash.sector_bytes;
    const thimble_esp_part *part    = part_at(opened, address, sector);
    if (part == NULL) return 1;
    return esp_partition_erase_range(part->partition, offset_in(part, address), sector) != ESP_OK;
}

static int read_bytes(void *context, uint32_t address, uint8_t *data, uint32_t bytes) {
    const thimble_esp_part *part = part_at(context, address, bytes);
    if (part == NULL) return 1;
    return esp_partition_read(part->partition, offset_in(part, address), data, bytes) != ESP_OK;
}

static const uint8_t *map(void *context, uint32_t address, uint32_t bytes) {
    const thimble_esp_part *part = part_at(context, address, bytes);
    return part == NULL ? NULL : (const uint8_t *)part->mapped + offset_in(part, address);
}

/* ---- opening ---- */

static esp_err_t add_part(thimble_esp_store *opened, const esp_partition_t *partition) {
    if (partition == NULL) return ESP_ERR_NOT_FOUND;
    /* The core counts on erased flash being 0xff, which it is not where it is read through a cipher. */
    if (partition->encrypted || partition->erase_size != opened->parts[0].partition->erase_size)
        return ESP_ERR_NOT_SUPPORTED;
    thimble_esp_part *part = &opened->parts[opened->part_count];
    part->partition        = partition;
    esp_err_t error        = esp_partition_mmap(partition, 0, partition->size, ESP_PARTITION_MMAP_DATA,
                                                &part->mapped, &part->mapping);
    if (error == ESP_OK) opened->part_count++;
    return error;
}

static esp_err_t add_model(thimble_esp_store *opened, unsigned model) {
    thimble_slots *slots = &opened->slots[model];
    for (unsigned slot = 0; slot < 2; slot++) {
        const esp_partition_t *partition = thimble_esp_find_slot(model, slot);
        const esp_err_t error            = add_part(opened, partition);
        if (error != ESP_OK) return error;
        slots->address[slot] = partition->address;
        if (slot == 0 || partition->size < slots->bytes) slots->bytes = partition->size;
    }
    return ESP_OK;
}

static esp_err_t add_parts(thimble_esp_store *opened, unsigned models) {
    const esp_partition_t *journal = esp_partition_find_first((esp_partition_type_t)JOURNAL_TYPE,
                                                              (esp_partition_subtype_t)JOURNAL_SUBTYPE, NULL);
    if (journal == NULL) return ESP_ERR_NOT_FOUND;
    if (journal->size < 2 * journal->erase_size) return ESP_ERR_NOT_SUPPORTED;
    opened->parts[0].partition = journal;
    esp_err_t error            = add_part(opened, journal);
    for (unsigned model = 0; model < models && error == ESP_OK; model++) error = add_model(opened, model);
    return error;
}

esp_err_t thimble_esp_store_open(thimble_esp_store *opened, const thimble_device *device, unsigned models) {
    if (opened == NULL || device == NULL || models < 1 || models > CONFIG_THIMBLE_MODELS)
        return ESP_ERR_INVALID_ARG;
    *opened = (thimble_esp_store){.status = THIMBLE_OK, .lock = xSemaphoreCreateMutex()};
    if (opened->lock == NULL) return ESP_ERR_NO_MEM;
    esp_err_t error = add_parts(opened, models);
    if (error == ESP_OK) {
        opened->flash  = (thimble_flash){.context       = opened,
                                         .sector_bytes  = opened->parts[0].partition->erase_size,
                                         .program_bytes = PROGRAM_BYTES,
                                         .program       = program,
                                         .erase         = erase,
                                         .read          = read_bytes,
                                         .map           = map};
        opened->store  = (thimble_store){.device      = device,
                                         .flash       = &opened->flash,
                                         .journal     = opened->parts[0].partition->address,
                                         .model_count = models,
                                         .slots       = opened->slots,
                                         .records     = opened->records,
                                         .tails       = opened->tails};
        opened->status = thimble_store_open(&opened->store);
        if (opened->status == THIMBLE_OK) return ESP_OK;
        error = ESP_FAIL;
    }
    thimble_esp_store_close(opened);
    return error;
}

void thimble_esp_store_close(thimble_esp_store *opened) {
    for (unsigned i = 0; i < opened->part_count; i++) esp_partition_munmap(opened->parts[i].mapping);
    if (opened->lock != NULL) vSemaphoreDelete(opened->lock);
    *opened = (thimble_esp_store){.status = opened->status};
}

void thimble_esp_lock(thimble_esp_store *opened) { (void)xSemaphoreTake(opened->lock, portMAX_DELAY); }

void thimble_esp_unlock(thimble_esp_store *opened) { (void)xSemaphoreGive(opened->lock); }

/* ---- start and time ---- */

static int has_hung(esp_reset_reason_t reason) {
    return reason == ESP_RST_PANIC || reason == ESP_RST_INT_WDT || reason == ESP_RST_TASK_WDT ||
           reason == ESP_RST_WDT;
}

thimble_status thimble_esp_service_start(thimble_service *service) {
    const thimble_record *record = thimble_store_record(service->store, service->index);
    if (record != NULL && record->state == THIMBLE_TRIAL && has_hung(esp_reset_reason()))
        return thimble_service_reject(service, THIMBLE_ERR_HEALTH);
    return thimble_service_start(service);
}

uint32_t thimble_esp_seconds(void) { return (uint32_t)(esp_timer_get_time() / SECOND); }
