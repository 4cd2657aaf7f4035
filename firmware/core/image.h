/* How long an image is, before anything of it is trusted. */
#ifndef THIMBLE_IMAGE_H
#define THIMBLE_IMAGE_H

#include <stdint.h>

#define THIMBLE_IMAGE_HEADER 32

/*
 * As many bytes as thimble_image_check reads of an image with this header, in a slot of so many; those of the
 * header alone where that is none.
 */
uint32_t thimble_image_extent(const uint8_t header[THIMBLE_IMAGE_HEADER], uint32_t slot_bytes);

#endif
