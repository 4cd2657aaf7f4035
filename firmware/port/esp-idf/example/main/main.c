/*
 * Opens model 0, feeds it an input of zeros once a second, and prints the first bytes of its output.
 *
 *     thimble keygen -o key.pem --c-header main/keys.h
 *     thimble build MODEL --key key.pem -o build/model
 *     idf.py set-target esp32c3 build flash
 *     thimble flash build/model/model.img --board esp32-c3 --model-only --port PORT
 *     idf.py monitor
 */
#include <inttypes.h>
#include <string.h>

#include "esp_log.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "keys.h" /* made by thimble keygen */
#include "thimble_esp.h"

enum { RAM_BYTES = 64 * 1024, SHOWN_BYTES = 16, PERIOD_MS = 1000, TASK_PRIORITY = 5 };

static const char *const tag = "example";

static const thimble_device device = {
    .port         = &thimble_esp_port,
    .keys         = thimble_keys,
    .key_count    = THIMBLE_KEY_COUNT,
    .capabilities = THIMBLE_CAPABILITIES,
};

/* Inputs are written before every invocation: the model may use their place for something else. */
static void write_inputs(thimble_model *model) {
    size_t bytes;
    void *input;
    for (uint32_t i = 0; (input = thimble_input(model, i, &bytes)) != NULL; i++) memset(input, 0, bytes);
}

static void print_output(thimble_model *model) {
    size_t bytes;
    const uint8_t *output = thimble_output(model, 0, &bytes);
    ESP_LOGI(tag, "output_0: %u bytes", (unsigned)bytes);
    ESP_LOG_BUFFER_HEX(tag, output, bytes < SHOWN_BYTES ? bytes : SHOWN_BYTES);
}

static void run(thimble_model *model) {
    const thimble_statistics *statistics = thimble_stats(model);
    ESP_LOGI(tag, "%s: opened in %" PRIu32 " us, %" PRIu32 " native kernels, %" PRIu32 " bytes of RAM used",
             thimble_describe(model)->id, statistics->open_ticks, statistics->native_kernels,
             statistics->ram_used);
    for (;;) {
        write_inputs(model);
        thimble_status status = thimble_invoke(model);
        if (status == THIMBLE_OK) {
            print_output(model);
        } else {
            ESP_LOGE(tag, "invoke: %s", thimble_status_text(status));
        }
        vTaskDelay(pdMS_TO_TICKS(PERIOD_MS));
    }
}

static void model_task(void *context) {
    (void)context;
    static thimble_esp_model opened;
    esp_err_t error = thimble_esp_open(&device, 0, THIMBLE_ESP_SLOT_A, RAM_BYTES, NULL, &opened);
    if (error == ESP_OK) run(opened.model);
    ESP_LOGE(tag, "model 0: %s: %s", esp_err_to_name(error), thimble_status_text(opened.status));
    vTaskDelete(NULL);
}

void app_main(void) {
    BaseType_t created = xTaskCreate(model_task, "model", THIMBLE_ESP_STACK_BYTES, NULL, TASK_PRIORITY, NULL);
    if (created != pdPASS) ESP_LOGE(tag, "model task: out of memory");
}
