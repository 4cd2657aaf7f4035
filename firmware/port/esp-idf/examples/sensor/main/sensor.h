/* Readings as the features of a model: replace this file's functions by those of your sensor. */
#ifndef SENSOR_H
#define SENSOR_H

#include <stddef.h>

#include "esp_err.h"

/* As many features as the ADC has channels to read here. */
#define SENSOR_CHANNELS 4

esp_err_t sensor_open(void);

/* `count` values, at most SENSOR_CHANNELS: volts of the first channels of ADC 1. */
esp_err_t sensor_read(float *values, size_t count);

#endif
