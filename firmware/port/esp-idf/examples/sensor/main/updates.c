#include "updates.h"

#include <stdio.h>

#include "esp_log.h"
#include "esp_mac.h"
#include "esp_random.h"
#include "freertos/task.h"
#include "nvs.h"

enum { TOKEN_BYTES = 160, WAIT_SECONDS = 60, PRIORITY = 4 };

static const char *const tag = "updates";

static thimble_esp_store *updated;
static thimble_ddi_model model;
static thimble_ddi client;
static char url[THIMBLE_DDI_URL_BYTES - THIMBLE_DDI_URL_MARGIN];
static char token[TOKEN_BYTES];

static esp_err_t read_token(void) {
    nvs_handle_t nvs;
    size_t bytes    = sizeof token;
    esp_err_t error = nvs_open("thimble", NVS_READONLY, &nvs);
    if (error != ESP_OK) return error;
    error = nvs_get_str(nvs, "token", token, &bytes);
    nvs_close(nvs);
    return error;
}

/* The device is called by its factory address. */
static esp_err_t make_url(void) {
    uint8_t mac[6];
    const esp_err_t error = esp_efuse_mac_get_default(mac);
    if (error != ESP_OK) return error;
    const int bytes = snprintf(url, sizeof url, "%s/controller/v1/%02x%02x%02x%02x%02x%02x",
                               CONFIG_SENSOR_SERVER, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
    return bytes > 0 && (size_t)bytes < sizeof url ? ESP_OK : ESP_ERR_INVALID_SIZE;
}

static void update_task(void *context) {
    (void)context;
    for (;;) {
        thimble_ddi_request request;
        thimble_esp_lock(updated);
        uint32_t wait = thimble_ddi_next(&client, thimble_esp_seconds(), &request);
        thimble_esp_unlock(updated);
        if (wait == 0) {
            thimble_esp_exchange(updated, &client, &request);
            continue;
        }
        if (wait > WAIT_SECONDS) wait = WAIT_SECONDS; /* more would not fit a delay */
        vTaskDelay(pdMS_TO_TICKS(1000 * wait));
    }
}

esp_err_t updates_start(thimble_esp_store *opened, const thimble_service *service) {
    esp_err_t error = read_token();
    if (error == ESP_OK) error = make_url();
    if (error != ESP_OK) return error;
    updated = opened;
    model   = (thimble_ddi_model){.name = NULL, .model = 0, .service = service};
    client  = (thimble_ddi){.store         = &opened->store,
                            .url           = url,
                            .authorization = token,
                            .attributes    = "{\"board\":\"" CONFIG_IDF_TARGET "\"}",
                            .models        = &model,
                            .model_count   = 1,
                            .seed          = esp_random()};
    ESP_LOGI(tag, "%s", url);
    if (xTaskCreate(update_task, "updates", CONFIG_SENSOR_UPDATE_STACK, NULL, PRIORITY, NULL) == pdPASS)
        return ESP_OK;
    return ESP_ERR_NO_MEM;
}
