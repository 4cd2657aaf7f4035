#ifndef THIMBLE_SHA256_H
#define THIMBLE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* SHA-256 (FIPS 180-4) of one piece of memory; fits thimble_port.sha256, which ignores `context`. */
void thimble_sha256(void *context, const uint8_t *data, size_t size, uint8_t digest[32]);

#ifdef __cplusplus
}
#endif

#endif
