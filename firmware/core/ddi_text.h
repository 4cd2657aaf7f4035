/* Texts of the update client: what is put together, read, and resolved. */
#ifndef THIMBLE_DDI_TEXT_H
#define THIMBLE_DDI_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Text that is put together in a buffer; a part that does not fit is left out, and `fits` says so. */
typedef struct ddi_writer {
    char *at, *end;
    int fits;
} ddi_writer;

ddi_writer ddi_write_to(char *buffer, size_t room);

void ddi_put(ddi_writer *out, const char *text);

void ddi_put_u32(ddi_writer *out, uint32_t value);

/* Content of a JSON string between its quotes. */
void ddi_put_json(ddi_writer *out, const char *text);

/* FNV-1a over one more text and its end; `hash` is DDI_FNV or what came of the texts before. */
#define DDI_FNV 2166136261u
uint32_t ddi_fnv(uint32_t hash, const char *text);

/* "HH:MM:SS" in seconds, hours of one to three digits; 0 where it is something else. */
uint32_t ddi_read_duration(const char *text);

/* 64 hexadecimal digits; 0 where it is something else. */
int ddi_read_hash(const char *text, uint8_t hash[32]);

/* Whether a text can be an action's id: letters, digits and -._~% that a URL takes as they are. */
int ddi_is_id(const char *text);

/* The last segment of an address's path, if it can be an id: its length, 0 where it can't. */
uint32_t ddi_last_segment(const char *url, const char **segment);

/*
 * The reference `href` in a document from `base` (RFC 3986, section 5.2): 0 where it is no address of HTTP,
 * has a character that a request can't take, or does not fit into `room` bytes.
 */
int ddi_resolve(const char *base, const char *href, char *to, size_t room);

/*
 * Whether two addresses have one origin (RFC 6454): scheme, host and port. A reference without scheme has
 * that of `base`.
 */
int ddi_is_same_origin(const char *url, const char *base, const char *href);

#endif
