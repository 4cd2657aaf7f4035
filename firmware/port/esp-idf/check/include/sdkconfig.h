/* Declarations in our own words: see ../README.md. */
#pragma once

/* Values of Kconfig, as menuconfig would write them; the tests have others for some. */
#define CONFIG_IDF_TARGET              "esp32c3"
#define CONFIG_THIMBLE_MODELS          1
#define CONFIG_THIMBLE_HTTP_TIMEOUT_MS 10000
#define CONFIG_SENSOR_MODEL_RAM        49152
#define CONFIG_SENSOR_PERIOD_MS        1000
#define CONFIG_SENSOR_CONFIRM_AFTER    10
#define CONFIG_SENSOR_UPDATE_STACK     8192
#ifndef CONFIG_SENSOR_SERVER
#define CONFIG_SENSOR_SERVER "https://updates.example.com/default"
#endif
