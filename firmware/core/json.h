/*
 * JSON (RFC 8259) from a server that may send anything. A document is checked as a whole, once; after that
 * its values can be walked without looking at bounds again. Nothing is copied but the strings that are asked
 * for.
 */
#ifndef THIMBLE_JSON_H
#define THIMBLE_JSON_H

#include <stddef.h>
#include <stdint.h>

#define THIMBLE_JSON_DEPTH 16 /* of lists and maps within each other; deeper documents are refused */

/* A value inside a checked document; `at` is null where there is none. */
typedef struct thimble_json {
    const char *at;
    const char *end; /* of the document */
} thimble_json;

/* The document's value; one whose `at` is null where it is malformed, too deep, or followed by anything. */
thimble_json thimble_json_check(const char *text, size_t bytes);

/* A member of a map, the first of that name; no value where `map` is something else. */
thimble_json thimble_json_member(thimble_json map, const char *name);

/* An element of a list; no value where `list` is something else or shorter. */
thimble_json thimble_json_element(thimble_json list, uint32_t index);

/*
 * Copies a string, unescaped and ended by a zero: how long it is, or -1 where it is no string, holds a zero,
 * or does not fit. Escapes beyond ASCII (\uXXXX) become UTF-8.
 */
int32_t thimble_json_string(thimble_json value, char *to, size_t room);

/* 1, and a whole number from 0 to 2^32 - 1; or 0 where the value is anything else. */
int thimble_json_u32(thimble_json value, uint32_t *to);

#endif
