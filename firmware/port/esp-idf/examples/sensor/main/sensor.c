#include "sensor.h"

#include "esp_adc/adc_oneshot.h"

/* Full scale at 12 dB, about; calibrate where it matters (adc_cali_create_scheme_curve_fitting). */
static const float volts_per_step = 3.1f / 4095.0f;

static adc_oneshot_unit_handle_t adc;

esp_err_t sensor_open(void) {
    const adc_oneshot_unit_init_cfg_t unit = {.unit_id = ADC_UNIT_1};
    const adc_oneshot_chan_cfg_t channel   = {.atten = ADC_ATTEN_DB_12, .bitwidth = ADC_BITWIDTH_12};
    esp_err_t error                        = adc_oneshot_new_unit(&unit, &adc);
    for (int i = 0; i < SENSOR_CHANNELS && error == ESP_OK; i++)
        error = adc_oneshot_config_channel(adc, (adc_channel_t)i, &channel);
    return error;
}

esp_err_t sensor_read(float *values, size_t count) {
    if (count > SENSOR_CHANNELS) return ESP_ERR_INVALID_ARG;
    for (size_t i = 0; i < count; i++) {
        int steps             = 0;
        const esp_err_t error = adc_oneshot_read(adc, (adc_channel_t)i, &steps);
        if (error != ESP_OK) return error;
        values[i] = volts_per_step * (float)steps;
    }
    return ESP_OK;
}
