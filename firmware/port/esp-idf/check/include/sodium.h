/* For syntax checks: see ../README.md. */
#pragma once

int sodium_init(void);
int crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
                                unsigned long long bytes, const unsigned char *public_key);
