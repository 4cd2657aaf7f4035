/* For syntax checks: see ../README.md. */
#pragma once

#include <stdint.h>

__attribute__((format(printf, 2, 3))) void check_log(const char *tag, const char *format, ...);
void check_log_buffer(const char *tag, const void *buffer, uint16_t bytes);

#define ESP_LOGI(tag, ...)                     check_log(tag, __VA_ARGS__)
#define ESP_LOGE(tag, ...)                     check_log(tag, __VA_ARGS__)
#define ESP_LOG_BUFFER_HEX(tag, buffer, bytes) check_log_buffer(tag, buffer, (uint16_t)(bytes))
