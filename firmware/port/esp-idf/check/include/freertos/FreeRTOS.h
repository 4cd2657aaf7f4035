/* Declarations in our own words: see ../README.md. */
#pragma once

#include <stdint.h>

typedef int BaseType_t;
typedef unsigned UBaseType_t;
typedef uint32_t TickType_t;

#define configTICK_RATE_HZ  100
#define pdPASS              1
#define portMAX_DELAY       UINT32_MAX
#define pdMS_TO_TICKS(time) ((TickType_t)(((uint64_t)(time)*configTICK_RATE_HZ) / 1000))
