/* For syntax checks: see ../README.md. In a project, thimble keygen makes it. */
#pragma once

#include "thimble.h"

#define THIMBLE_KEY_COUNT 1

static const uint8_t thimble_keys[THIMBLE_KEY_COUNT][THIMBLE_KEY_BYTES] = {{1}};
