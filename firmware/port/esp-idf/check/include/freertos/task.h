/* Declarations in our own words: see ../README.md. */
#pragma once

#include "freertos/FreeRTOS.h"

typedef struct check_task *TaskHandle_t;
typedef void (*TaskFunction_t)(void *context);

/* ESP-IDF's stacks are in bytes, where other ports of FreeRTOS have words. */
BaseType_t xTaskCreate(TaskFunction_t code, const char *name, uint32_t stack_bytes, void *context,
                       UBaseType_t priority, TaskHandle_t *created);
void vTaskDelay(TickType_t ticks);
void app_main(void);
