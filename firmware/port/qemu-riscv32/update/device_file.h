/* The file that the factory gives each device: a file of the host, `device.bin`. Every byte: README.md. */
#ifndef DEVICE_FILE_H
#define DEVICE_FILE_H

#include <stdint.h>

#include "thimble.h"

enum { DEVICE_KEYS_MOST = 4, DEVICE_TEXT_BYTES = 1024 };

typedef struct device_file {
    uint32_t magic;
    uint32_t seed; /* of the client's jitter */
    uint32_t key_count;
    uint8_t keys[DEVICE_KEYS_MOST][THIMBLE_KEY_BYTES];
    uint32_t text_bytes;
    /*
     * Texts, each with its final zero. The first three, empty for none: URL, authorization, attributes;
     * then for each reading its name and its float32 as eight hexadecimal digits.
     */
    char text[DEVICE_TEXT_BYTES];
} device_file;

/* 1, or 0 where there is none, or not one of this form. */
int device_file_read(device_file *file);

/* Text 0, 1 or 2; null for an empty one. */
const char *device_file_text(const device_file *file, uint32_t index);

/* The name of a reading, and its value; null where there are no more. */
const char *device_file_reading(const device_file *file, uint32_t index, float *value);

#endif
