/* Everything else that the port and the example call. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "esp_adc/adc_oneshot.h"
#include "esp_event.h"
#include "esp_heap_caps.h"
#include "esp_log.h"
#include "esp_mac.h"
#include "esp_netif.h"
#include "esp_random.h"
#include "esp_system.h"
#include "esp_task_wdt.h"
#include "nvs_flash.h"
#include "protocol_examples_common.h"
#include "sha256.h"
#include "world.h"

/* Processor time without a reset of the watchdog; far more than a sanitized model takes. */
enum { WATCHDOG_SECONDS = 3 };

static esp_reset_reason_t reset_reason = ESP_RST_POWERON;

int system_reset_is(const char *name) {
    static const struct {
        const char *name;
        esp_reset_reason_t reason;
    } names[] = {{"POWERON", ESP_RST_POWERON},   {"SW", ESP_RST_SW},
                 {"PANIC", ESP_RST_PANIC},       {"INT_WDT", ESP_RST_INT_WDT},
                 {"TASK_WDT", ESP_RST_TASK_WDT}, {"WDT", ESP_RST_WDT}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i].name, name) != 0) continue;
        reset_reason = names[i].reason;
        return 1;
    }
    return 0;
}

esp_reset_reason_t esp_reset_reason(void) { return reset_reason; }

const char *esp_err_to_name(esp_err_t code) {
    static char text[16];
    (void)snprintf(text, sizeof text, "0x%x", (unsigned)code);
    return text;
}

void check_abort(const char *expression, const char *name) {
    (void)printf("ESP_ERROR_CHECK failed: %s: %s\n", expression, name);
    world_end(WORLD_PANIC);
}

void check_log(esp_log_level_t level, const char *tag, const char *format, ...) {
    va_list values;
    (void)printf("%c (%lld) %s: ", "NEWI"[level], (long long)(tasks_microseconds() / 1000), tag);
    va_start(values, format);
    (void)vprintf(format, values);
    va_end(values);
    (void)putchar('\n');
}

void esp_log_level_set(const char *tag, esp_log_level_t level) { (void)tag, (void)level; }

void *heap_caps_aligned_alloc(size_t alignment, size_t size, uint32_t capabilities) {
    if (capabilities != (MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT)) return NULL;
    void *memory = NULL;
    return posix_memalign(&memory, alignment, size) == 0 ? memory : NULL;
}

void heap_caps_free(void *memory) { free(memory); }

/* ---- watchdog ---- */

static void bark(int number) {
    (void)number;
    world_end(WORLD_WATCHDOG);
}

esp_err_t esp_task_wdt_add(TaskHandle_t task) {
    (void)task;
    return signal(SIGVTALRM, bark) == SIG_ERR ? ESP_FAIL : esp_task_wdt_reset();
}

esp_err_t esp_task_wdt_reset(void) {
    const struct itimerval left = {.it_value = {.tv_sec = WATCHDOG_SECONDS}};
    return setitimer(ITIMER_VIRTUAL, &left, NULL) == 0 ? ESP_OK : ESP_FAIL;
}

/* ---- identity, NVS, network, sensor ---- */

esp_err_t esp_efuse_mac_get_default(uint8_t *mac) {
    memcpy(mac, "\x7c\xdf\xa1\x00\x00\x01", 6);
    return ESP_OK;
}

uint32_t esp_random(void) { return 0x2545f491; }

esp_err_t nvs_flash_init(void) { return ESP_OK; }
esp_err_t nvs_flash_erase(void) { return ESP_OK; }

esp_err_t nvs_open(const char *namespace_name, nvs_open_mode_t mode, nvs_handle_t *handle) {
    *handle = 1;
    return strcmp(namespace_name, "thimble") == 0 && mode == NVS_READONLY ? ESP_OK : ESP_ERR_NVS_NOT_FOUND;
}

esp_err_t nvs_get_str(nvs_handle_t handle, const char *key, char *value, size_t *bytes) {
    const char *token = getenv("TOKEN");
    if (handle != 1 || strcmp(key, "token") != 0 || token == NULL) return ESP_ERR_NVS_NOT_FOUND;
    if (strlen(token) >= *bytes) return ESP_ERR_INVALID_SIZE;
    *bytes = strlen(token) + 1;
    memcpy(value, token, *bytes);
    return ESP_OK;
}

void nvs_close(nvs_handle_t handle) { (void)handle; }

esp_err_t esp_netif_init(void) { return ESP_OK; }
esp_err_t esp_event_loop_create_default(void) { return ESP_OK; }
esp_err_t example_connect(void) { return ESP_OK; }

esp_err_t adc_oneshot_new_unit(const adc_oneshot_unit_init_cfg_t *config, adc_oneshot_unit_handle_t *unit) {
    *unit = NULL;
    return config->unit_id == ADC_UNIT_1 ? ESP_OK : ESP_ERR_INVALID_ARG;
}

esp_err_t adc_oneshot_config_channel(adc_oneshot_unit_handle_t unit, adc_channel_t channel,
                                     const adc_oneshot_chan_cfg_t *config) {
    (void)unit, (void)channel;
    return config->bitwidth == ADC_BITWIDTH_12 ? ESP_OK : ESP_ERR_INVALID_ARG;
}

esp_err_t adc_oneshot_read(adc_oneshot_unit_handle_t unit, adc_channel_t channel, int *raw) {
    (void)unit;
    const char *readings = getenv("ADC");
    for (int i = 0; readings != NULL && i < (int)channel; i++) {
        readings = strchr(readings, ',');
        if (readings != NULL) readings++;
    }
    *raw = readings == NULL ? 0 : atoi(readings);
    return ESP_OK;
}

/* ---- digests, of both versions of Mbed TLS ---- */

int mbedtls_sha256(const unsigned char *input, size_t bytes, unsigned char *output, int is_sha224);
int32_t psa_crypto_init(void);
int32_t psa_hash_compute(uint32_t algorithm, const uint8_t *input, size_t input_bytes, uint8_t *hash,
                         size_t hash_room, size_t *hash_bytes);

int mbedtls_sha256(const unsigned char *input, size_t bytes, unsigned char *output, int is_sha224) {
    if (is_sha224) return -1;
    thimble_sha256(NULL, input, bytes, output);
    return 0;
}

int32_t psa_crypto_init(void) { return 0; }

int32_t psa_hash_compute(uint32_t algorithm, const uint8_t *input, size_t input_bytes, uint8_t *hash,
                         size_t hash_room, size_t *hash_bytes) {
    if (algorithm != 0x02000009 || hash_room < 32) return -1;
    thimble_sha256(NULL, input, input_bytes, hash);
    *hash_bytes = 32;
    return 0;
}
