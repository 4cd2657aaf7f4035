/*
 * thimble: JSON (RFC 8259) from a server that may send anything, read as it arrives.
 *
 * A document may be of any length: values that the reader has a name for are told one by one, everything else
 * is checked and forgotten. Nothing that was told counts before thimble_json_end says that the document is
 * whole.
 */
#ifndef THIMBLE_JSON_H
#define THIMBLE_JSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define THIMBLE_JSON_DEPTH     16 /* of lists and maps within each other; deeper documents are refused */
#define THIMBLE_JSON_NAME_BITS 5  /* of a path, for each name: 31 names at most, and paths of 6 of them */
#define THIMBLE_JSON_UNKNOWN   UINT32_MAX

typedef enum thimble_json_kind {
    THIMBLE_JSON_MAP,
    THIMBLE_JSON_MAP_END,
    THIMBLE_JSON_LIST,
    THIMBLE_JSON_LIST_END,
    THIMBLE_JSON_STRING,
    THIMBLE_JSON_NUMBER, /* `text` as it was written */
    THIMBLE_JSON_WORD    /* true, false or null */
} thimble_json_kind;

/*
 * A value that has come. Its path is that of the map it is a member of, shifted by THIMBLE_JSON_NAME_BITS,
 * and the number of its name, from 1. Elements of a list have the list's path, and the document itself has 0.
 */
typedef struct thimble_json_value {
    uint32_t path;
    thimble_json_kind kind;
    const char *text; /* of strings, unescaped to UTF-8, numbers and words; ends with a zero */
    uint32_t length;
    uint8_t is_cut; /* 1 where the room did not suffice, or a string holds a zero: it can't be used */
} thimble_json_value;

typedef struct thimble_json {
    /* The caller's. */
    const char *const *names;
    uint32_t name_count;
    void (*take)(void *context, const thimble_json_value *value);
    void *context;
    char *text; /* where strings and numbers are put together: `room` bytes, at least 1 */
    uint32_t room;
    /* The reader's own. */
    uint8_t state, depth, digits, is_name, is_cut;
    uint16_t code, high;
    uint32_t length, path;
    const char *word;
    uint32_t paths[THIMBLE_JSON_DEPTH];
    uint8_t is_map[THIMBLE_JSON_DEPTH];
} thimble_json;

/* Begins a document; the caller's part has been filled in. */
void thimble_json_begin(thimble_json *json);

/* A piece of it. 0: it is malformed or too deep, and no more of it is wanted. */
int thimble_json_feed(thimble_json *json, const uint8_t *data, uint32_t bytes);

/* The document is over: 1 where it was one, whole, and nothing else. */
int thimble_json_end(thimble_json *json);

/* 1, and a whole number from 0 to 2^32 - 1 written in digits; or 0 where the text is anything else. */
int thimble_json_u32(const thimble_json_value *value, uint32_t *to);

#ifdef __cplusplus
}
#endif

#endif
