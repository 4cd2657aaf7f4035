/*
 * Runs thimble_esp.c and digest.c against stand-ins for what they call: whatever fails, nothing
 * stays mapped or allocated.
 * Exit status 0, or a failed assertion. test/firmware/port/esp-idf.test.ts builds and runs it.
 */
#undef NDEBUG
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "esp_heap_caps.h"
#include "esp_log.h"
#include "esp_timer.h"
#include "http_date.h"
#include "ed25519.h"
#include "mbedtls/sha256.h"
#include "thimble_esp.h"

enum { SLOT_BYTES = 64, RAM_BYTES = 128, HANDLE = 7 };

/* Answers of the stand-ins, and the calls that they got. */
static struct {
    int no_partition, no_memory, hash, signature;
    esp_err_t map;
    thimble_status open;
    int mapped, allocated, open_models;
    int type, subtype;
} world;

static const esp_partition_t partition = {.size = SLOT_BYTES};
static const uint8_t flash[SLOT_BYTES];

const esp_partition_t *esp_partition_find_first(esp_partition_type_t type, esp_partition_subtype_t subtype,
                                                const char *label) {
    assert(label == NULL);
    world.type    = (int)type;
    world.subtype = (int)subtype;
    return world.no_partition ? NULL : &partition;
}

esp_err_t esp_partition_mmap(const esp_partition_t *from, size_t offset, size_t size,
                             esp_partition_mmap_memory_t memory, const void **pointer,
                             esp_partition_mmap_handle_t *handle) {
    assert(from == &partition && offset == 0 && size == SLOT_BYTES && memory == ESP_PARTITION_MMAP_DATA);
    if (world.map != ESP_OK) return world.map;
    *pointer = flash;
    *handle  = HANDLE;
    world.mapped++;
    return ESP_OK;
}

void esp_partition_munmap(esp_partition_mmap_handle_t handle) {
    assert(handle == HANDLE);
    world.mapped--;
}

void *heap_caps_aligned_alloc(size_t alignment, size_t size, uint32_t capabilities) {
    assert(alignment == 8 && size == RAM_BYTES && capabilities == (MALLOC_CAP_8BIT | MALLOC_CAP_INTERNAL));
    if (world.no_memory) return NULL;
    world.allocated++;
    return malloc(size);
}

void heap_caps_free(void *memory) {
    assert(memory != NULL);
    world.allocated--;
    free(memory);
}

void check_log(esp_log_level_t level, const char *tag, const char *format, ...) {
    assert(level == ESP_LOG_INFO && tag != NULL && strcmp(format, "%s") == 0);
}

int64_t esp_timer_get_time(void) { return INT64_C(0x100000005); }

int mbedtls_sha256(const unsigned char *input, size_t bytes, unsigned char *output, int is_sha224) {
    assert(input == flash && bytes == SLOT_BYTES && is_sha224 == 0);
    memset(output, 0xaa, 32);
    return world.hash;
}

int thimble_ed25519_verify(void *context, const uint8_t signature[64], const uint8_t *message, size_t size,
                           const uint8_t public_key[32]) {
    (void)context;
    assert(signature == flash && message == flash + 1 && size == 2 && public_key == flash + 3);
    return world.signature;
}

thimble_status thimble_open(const thimble_device *device, const uint8_t *data, size_t size, void *ram,
                            size_t ram_bytes, const thimble_options *options, thimble_model **model) {
    assert(device != NULL && options == NULL);
    assert(data == flash && size == SLOT_BYTES && ram_bytes == RAM_BYTES);
    *model = world.open == THIMBLE_OK ? ram : NULL;
    if (world.open == THIMBLE_OK) world.open_models++;
    return world.open;
}

void thimble_close(thimble_model *model) {
    assert(model != NULL);
    world.open_models--;
}

static const thimble_device device = {.port = &thimble_esp_port};

static void expect_nothing_left(const thimble_esp_model *opened) {
    assert(opened->model == NULL && world.mapped == 0 && world.allocated == 0 && world.open_models == 0);
}

static void expect_refused(esp_err_t error, thimble_status status) {
    thimble_esp_model opened;
    assert(thimble_esp_open(&device, 0, THIMBLE_ESP_SLOT_A, RAM_BYTES, NULL, &opened) == error);
    assert(opened.status == status);
    expect_nothing_left(&opened);
    thimble_esp_close(&opened);
    memset(&world, 0, sizeof world);
}

static void check_failures(void) {
    thimble_esp_model opened;
    assert(thimble_esp_open(&device, 0, 0, RAM_BYTES, NULL, NULL) == ESP_ERR_INVALID_ARG);
    assert(thimble_esp_open(NULL, 0, 0, RAM_BYTES, NULL, &opened) == ESP_ERR_INVALID_ARG);
    assert(thimble_esp_open(&device, 32, 0, RAM_BYTES, NULL, &opened) == ESP_ERR_INVALID_ARG);
    assert(thimble_esp_open(&device, 0, 2, RAM_BYTES, NULL, &opened) == ESP_ERR_INVALID_ARG);
    world.no_partition = 1;
    expect_refused(ESP_ERR_NOT_FOUND, THIMBLE_OK);
    world.map = 99;
    expect_refused(99, THIMBLE_OK);
    world.no_memory = 1;
    expect_refused(ESP_ERR_NO_MEM, THIMBLE_OK);
    world.open = THIMBLE_ERR_SIGNATURE;
    expect_refused(ESP_FAIL, THIMBLE_ERR_SIGNATURE);
}

static void check_success(void) {
    thimble_esp_model opened;
    assert(thimble_esp_open(&device, 9, THIMBLE_ESP_SLOT_B, RAM_BYTES, NULL, &opened) == ESP_OK);
    assert(world.type == 0x41 && world.subtype == 3);
    assert((void *)opened.model == opened.ram && world.mapped == 1 && world.allocated == 1);
    thimble_esp_close(&opened);
    expect_nothing_left(&opened);
    thimble_esp_close(&opened);
    thimble_esp_close(NULL);
    expect_nothing_left(&opened);
}

static void check_port(void) {
    const thimble_port *port = &thimble_esp_port;
    static const uint8_t zeros[32];
    uint8_t digest[32];
    assert(port->ticks(port->context) == 5);
    port->log(port->context, "100 %s");
    port->sha256(port->context, flash, SLOT_BYTES, digest);
    assert(digest[0] == 0xaa && digest[31] == 0xaa);
    world.hash = -1;
    port->sha256(port->context, flash, SLOT_BYTES, digest);
    assert(memcmp(digest, zeros, sizeof digest) == 0);
    world.signature = 1;
    assert(port->ed25519_verify(port->context, flash, flash + 1, 2, flash + 3) == 1);
    world.signature = 0;
    assert(port->ed25519_verify(port->context, flash, flash + 1, 2, flash + 3) == 0);
}

static void check_dates(void) {
    assert(thimble_esp_http_date("Thu, 01 Jan 1970 00:00:01 GMT") == 1);
    assert(thimble_esp_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == 784111777);
    assert(thimble_esp_http_date("Tue, 29 Feb 2028 23:59:59 GMT") == 1835481599);
    assert(thimble_esp_http_date("Wed, 01 Mar 2028 00:00:00 GMT") == 1835481600);
    assert(thimble_esp_http_date("Fri, 31 Dec 2100 00:00:00 GMT") == INT64_C(4133894400));
    assert(thimble_esp_http_date("120") == 0 && thimble_esp_http_date("") == 0);
    assert(thimble_esp_http_date("Sun, 06 anF 1994 08:49:37 GMT") == 0);
}

int main(void) {
    check_dates();
    check_failures();
    check_success();
    check_port();
    return 0;
}
