/*
 * A line to a host that makes HTTP requests for the device: frames with a CRC, one piece of an answer at a
 * time, and the next only when the device asks for it. Every byte: README.md.
 */
#ifndef LINK_H
#define LINK_H

#include <stdint.h>

#include "thimble_ddi.h"

/* Tells the host that the device has started: whatever it had under way is over. */
void link_hello(void);

/* One line for whoever watches. */
void link_log(const char *line);

/* The result of an inference: the model's version (major, minor, two bytes of revision, the lowest first),
 * the status, and the first output. */
void link_inference(uint32_t version, int32_t status, const uint8_t *output, uint32_t bytes);

/* Makes one request of the client and hands it the answer. */
void link_exchange(thimble_ddi *client, const thimble_ddi_request *request, uint32_t (*now)(void));

#endif
