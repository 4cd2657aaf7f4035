/* Declarations in our own words: see ../README.md. */
#pragma once

typedef int esp_err_t;

#define ESP_OK                0
#define ESP_FAIL              -1
#define ESP_ERR_NO_MEM        0x101
#define ESP_ERR_INVALID_ARG   0x102
#define ESP_ERR_INVALID_SIZE  0x104
#define ESP_ERR_NOT_FOUND     0x105
#define ESP_ERR_NOT_SUPPORTED 0x106

const char *esp_err_to_name(esp_err_t code);

__attribute__((noreturn)) void check_abort(const char *expression, const char *name);

#define ESP_ERROR_CHECK(x)                                                                                   \
    do {                                                                                                     \
        const esp_err_t check_error = (x);                                                                   \
        if (check_error != ESP_OK) check_abort(#x, esp_err_to_name(check_error));                            \
    } while (0)
