#ifndef THIMBLE_ED25519_H
#define THIMBLE_ED25519_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Ed25519 (RFC 8032); fits thimble_port.ed25519_verify, which ignores `context`. */
int thimble_ed25519_verify(void *context, const uint8_t signature[64], const uint8_t *message, size_t size,
                           const uint8_t public_key[32]);

#ifdef __cplusplus
}
#endif

#endif
