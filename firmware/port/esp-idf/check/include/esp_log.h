/* Declarations in our own words: see ../README.md. */
#pragma once

typedef enum { ESP_LOG_NONE, ESP_LOG_ERROR, ESP_LOG_WARN, ESP_LOG_INFO } esp_log_level_t;

__attribute__((format(printf, 3, 4))) void check_log(esp_log_level_t level, const char *tag,
                                                     const char *format, ...);

void esp_log_level_set(const char *tag, esp_log_level_t level);

#define ESP_LOGI(tag, ...) check_log(ESP_LOG_INFO, tag, __VA_ARGS__)
#define ESP_LOGW(tag, ...) check_log(ESP_LOG_WARN, tag, __VA_ARGS__)
#define ESP_LOGE(tag, ...) check_log(ESP_LOG_ERROR, tag, __VA_ARGS__)
