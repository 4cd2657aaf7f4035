#ifndef THIMBLE_ESP_DIGEST_H
#define THIMBLE_ESP_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/* SHA-256 as thimble_port wants it, by the accelerator where the chip has one. `context` is ignored. */
void thimble_esp_sha256(void *context, const uint8_t *data, size_t size, uint8_t digest[32]);

#endif
