/* Partitions on a file: NOR flash of sectors of 4 KiB, which may lose its power amid any change. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "esp_partition.h"
#include "world.h"

enum { TABLE = 0x8000, ENTRY_BYTES = 32, ENTRIES = 95, SECTOR = 4096, ALIGNMENT = 4, MAPPINGS = 64 };

static uint8_t *flash;
static size_t flash_bytes;
static esp_partition_t partitions[ENTRIES];
static unsigned partition_count;
static uint32_t changes, cut_at;
static uint8_t is_mapped[MAPPINGS];

static uint32_t read_u32(const uint8_t *at) {
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void read_table(void) {
    for (const uint8_t *entry = flash + TABLE; partition_count < ENTRIES; entry += ENTRY_BYTES) {
        if (entry[0] != 0xaa || entry[1] != 0x50) return;
        esp_partition_t *to = &partitions[partition_count++];
        *to                 = (esp_partition_t){.type       = (esp_partition_type_t)entry[2],
                                                .subtype    = (esp_partition_subtype_t)entry[3],
                                                .address    = read_u32(entry + 4),
                                                .size       = read_u32(entry + 8),
                                                .erase_size = SECTOR,
                                                .encrypted  = (entry[28] & 1) != 0,
                                                .readonly   = (entry[28] & 2) != 0};
        memcpy(to->label, entry + 12, 16);
    }
}

int flash_open(const char *file, uint32_t cut) {
    struct stat about;
    const int descriptor = open(file, O_RDWR);
    if (descriptor < 0 || fstat(descriptor, &about) != 0 || about.st_size < TABLE + SECTOR) return 1;
    flash_bytes = (size_t)about.st_size;
    flash       = mmap(NULL, flash_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (flash == MAP_FAILED) return 1;
    cut_at = cut;
    read_table();
    return partition_count == 0;
}

const esp_partition_t *esp_partition_find_first(esp_partition_type_t type, esp_partition_subtype_t subtype,
                                                const char *label) {
    for (unsigned i = 0; i < partition_count; i++) {
        const esp_partition_t *at = &partitions[i];
        if (at->type == type && at->subtype == subtype && (label == NULL || strcmp(at->label, label) == 0))
            return at;
    }
    return NULL;
}

static int is_inside(const esp_partition_t *partition, size_t offset, size_t size) {
    return offset <= partition->size && size <= partition->size - offset;
}

/* Bytes of a change that happen: half of them, where it is the one that the power fails in. */
static size_t before_cut(size_t bytes) { return ++changes == cut_at ? bytes / 2 : bytes; }

static void cut(void) {
    if (changes == cut_at) world_end(WORLD_POWER_LOST);
}

esp_err_t esp_partition_read(const esp_partition_t *partition, size_t offset, void *data, size_t size) {
    if (!is_inside(partition, offset, size)) return ESP_ERR_INVALID_SIZE;
    memcpy(data, flash + partition->address + offset, size);
    return ESP_OK;
}

esp_err_t esp_partition_write(const esp_partition_t *partition, size_t offset, const void *data,
                              size_t size) {
    if (partition->readonly || !is_inside(partition, offset, size)) return ESP_ERR_INVALID_SIZE;
    if (offset % ALIGNMENT != 0 || size % ALIGNMENT != 0) return ESP_ERR_INVALID_ARG;
    const uint8_t *from = data;
    uint8_t *to         = flash + partition->address + offset;
    const size_t done   = before_cut(size);
    for (size_t i = 0; i < done; i++) to[i] &= from[i];
    cut();
    return ESP_OK;
}

esp_err_t esp_partition_erase_range(const esp_partition_t *partition, size_t offset, size_t size) {
    if (partition->readonly || !is_inside(partition, offset, size)) return ESP_ERR_INVALID_SIZE;
    if (offset % SECTOR != 0 || size % SECTOR != 0) return ESP_ERR_INVALID_ARG;
    memset(flash + partition->address + offset, 0xff, before_cut(size));
    cut();
    return ESP_OK;
}

esp_err_t esp_partition_mmap(const esp_partition_t *partition, size_t offset, size_t size,
                             esp_partition_mmap_memory_t memory, const void **pointer,
                             esp_partition_mmap_handle_t *handle) {
    uint32_t slot = 0;
    while (slot < MAPPINGS && is_mapped[slot]) slot++;
    if (slot == MAPPINGS) return ESP_ERR_NO_MEM;
    if (memory != ESP_PARTITION_MMAP_DATA || !is_inside(partition, offset, size)) return ESP_ERR_INVALID_SIZE;
    is_mapped[slot] = 1;
    *pointer        = flash + partition->address + offset;
    *handle         = slot;
    return ESP_OK;
}

void esp_partition_munmap(esp_partition_mmap_handle_t handle) { is_mapped[handle] = 0; }
