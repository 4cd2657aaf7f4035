/*
 * A sensor whose model is updated over the air: readings of the ADC are the features of model 0, its label is
 * printed, and a new image is tried, confirmed by good inferences, or thrown out.
 *
 *     thimble keygen -o key.pem --c-header main/keys.h
 *     thimble build MODEL --key key.pem --board esp32-c3 -o build/model
 *     idf.py set-target esp32c3 menuconfig build flash
 *     thimble flash build/model/model.img --board esp32-c3 --model-only --port PORT
 *
 * README.md says how the token comes into NVS.
 */
#include <inttypes.h>

#include "esp_event.h"
#include "esp_heap_caps.h"
#include "esp_log.h"
#include "esp_netif.h"
#include "esp_task_wdt.h"
#include "freertos/task.h"
#include "keys.h" /* made by thimble keygen */
#include "nvs_flash.h"
#include "protocol_examples_common.h"
#include "sensor.h"
#include "thimble_esp_update.h"
#include "thimble_values.h"
#include "updates.h"

enum { TRIAL_STARTS = 3, PRIORITY = 5 };

static const char *const tag = "sensor";

static const thimble_device device = {
    .port         = &thimble_esp_port,
    .keys         = thimble_keys,
    .key_count    = THIMBLE_KEY_COUNT,
    .capabilities = THIMBLE_CAPABILITIES,
    .stack_bytes  = THIMBLE_ESP_MODEL_STACK_BYTES,
};

static thimble_esp_store opened;
static thimble_service service = {.store     = &opened.store,
                                  .ram_bytes = CONFIG_SENSOR_MODEL_RAM,
                                  .policy    = {TRIAL_STARTS, CONFIG_SENSOR_CONFIRM_AFTER}};

static void tell(thimble_status status, const char *what) {
    if (status != THIMBLE_OK) ESP_LOGW(tag, "%s: %s", what, thimble_status_text(status));
}

/* Inputs are written before every inference: the model may use their place for something else. */
static thimble_status feed(void) {
    thimble_description description;
    float values[SENSOR_CHANNELS];
    thimble_status status = thimble_describe_input(service.model, 0, &description);
    if (status != THIMBLE_OK) return status;
    if (sensor_read(values, description.elements) != ESP_OK) return THIMBLE_ERR_ARGUMENT;
    return thimble_write(service.model, 0, values, description.elements);
}

static void print_label(void) {
    uint32_t number;
    float score;
    const thimble_status status = thimble_decide(service.model, &number, &score);
    if (status != THIMBLE_OK) {
        tell(status, "decide");
        return;
    }
    const char *label          = thimble_label(service.model, number);
    const thimble_image *image = thimble_describe(service.model);
    ESP_LOGI(tag, "version %u.%u.%u: %s (class %" PRIu32 ", %.3f)", image->version[0], image->version[1],
             image->revision, label == NULL ? "no label" : label, number, (double)score);
}

/* A model that can't be fed by this sensor is not good either: an image on trial is thrown out by that. */
static void infer(void) {
    if (service.model == NULL) return;
    thimble_status status = feed();
    if (status == THIMBLE_OK) {
        status = thimble_service_invoke(&service);
        if (status == THIMBLE_OK) print_label();
        tell(status, "invoke");
        return;
    }
    tell(status, "input");
    if (opened.records[0].state == THIMBLE_TRIAL) tell(thimble_service_reject(&service, status), "reject");
}

static void model_task(void *context) {
    (void)context;
    ESP_ERROR_CHECK(esp_task_wdt_add(NULL));
    thimble_esp_lock(&opened);
    tell(thimble_esp_service_start(&service), "start");
    thimble_esp_unlock(&opened);
    for (;;) {
        ESP_ERROR_CHECK(esp_task_wdt_reset());
        thimble_esp_lock(&opened);
        tell(thimble_service_switch(&service), "switch");
        infer();
        thimble_esp_unlock(&opened);
        vTaskDelay(pdMS_TO_TICKS(CONFIG_SENSOR_PERIOD_MS));
    }
}

/* The token and Wi-Fi's calibration live there. A table of another version is erased, as ESP-IDF advises. */
static void open_nvs(void) {
    esp_err_t error = nvs_flash_init();
    if (error == ESP_ERR_NVS_NO_FREE_PAGES || error == ESP_ERR_NVS_NEW_VERSION_FOUND) {
        ESP_ERROR_CHECK(nvs_flash_erase());
        error = nvs_flash_init();
    }
    ESP_ERROR_CHECK(error);
}

/* The model runs whether there is a network or not. */
static void start_updates(void) {
    ESP_ERROR_CHECK(esp_netif_init());
    ESP_ERROR_CHECK(esp_event_loop_create_default());
    esp_err_t error = example_connect();
    if (error == ESP_OK) error = updates_start(&opened, &service);
    if (error != ESP_OK) ESP_LOGE(tag, "no updates: %s", esp_err_to_name(error));
}

void app_main(void) {
#if CONFIG_SENSOR_LOG_LEVEL_QUIET
    esp_log_level_set("*", ESP_LOG_WARN);
#endif
    open_nvs();
    ESP_ERROR_CHECK(sensor_open());
    const esp_err_t error = thimble_esp_store_open(&opened, &device, 1);
    if (error != ESP_OK) {
        ESP_LOGE(tag, "slots and journal: %s: %s", esp_err_to_name(error),
                 thimble_status_text(opened.status));
        return;
    }
    service.ram = heap_caps_aligned_alloc(8, service.ram_bytes, MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT);
    if (service.ram == NULL ||
        xTaskCreate(model_task, "model", THIMBLE_ESP_STACK_BYTES, NULL, PRIORITY, NULL) != pdPASS) {
        ESP_LOGE(tag, "model task: out of memory");
        return;
    }
    start_updates();
}
