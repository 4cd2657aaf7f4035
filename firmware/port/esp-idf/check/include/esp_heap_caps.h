/* Declarations in our own words: see ../README.md. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define MALLOC_CAP_8BIT     (1 << 2)
#define MALLOC_CAP_INTERNAL (1 << 11)

void *heap_caps_aligned_alloc(size_t alignment, size_t size, uint32_t capabilities);
void heap_caps_free(void *memory);
