/* For syntax checks: see ../../README.md. */
#pragma once

#include <stddef.h>

int mbedtls_sha256(const unsigned char *input, size_t bytes, unsigned char *output, int is_sha224);
