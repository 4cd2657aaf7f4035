/* The descriptor of a module (SPEC.md, section 2.1), read where it lies: for values.c. */
#ifndef THIMBLE_DESCRIPTOR_H
#define THIMBLE_DESCRIPTOR_H

#include "descriptor_format.h"
#include "module_reader.h"
#include "thimble_values.h"

/* Float32 numbers in the module, at any address. */
typedef const uint8_t *thimble_floats;

typedef struct thimble_border {
    thimble_description described;
    int32_t least, most; /* what the raw type holds */
    uint32_t bytes_each; /* of a raw value */
    uint8_t fields, decision;
    uint32_t features;      /* values of the last axis */
    thimble_reader scaling; /* at the first feature's; null where there are none */
    thimble_floats missing; /* one for each feature; null where there are none */
    const char *units;      /* of the first feature, as names are; null where there are none */
    const char *names;      /* the first; the others follow it. null where there are none */
    const char *prefix;     /* names are this and a number, from `first` on; null where they are not */
    uint32_t first;
    float threshold; /* a half where the descriptor has none */
} thimble_border;

/* The mapping of one feature's values. */
typedef struct thimble_feature {
    float offset, factor;
    thimble_floats edges; /* ascending; null where values are not counted into bins */
    uint32_t edge_count;
} thimble_feature;

enum { THIMBLE_INPUT = 0, THIMBLE_OUTPUT = 1 };

/* The contents of the module's first custom section of that name: 1, or 0 where there is none. */
int thimble_section_find(const uint8_t *module, size_t bytes, const char *wanted, thimble_reader *contents);

/* Reads the description of an input or an output, and checks every byte of it. ERR_DESCRIPTOR as
 * thimble_values.h says. */
THIMBLE_CHECK_RESULT
thimble_status thimble_border_read(const uint8_t *module, size_t bytes, int kind, uint32_t index,
                                   thimble_border *border);

float thimble_float_at(thimble_floats floats, uint32_t index);

/* The next feature of a border's scaling. */
thimble_feature thimble_feature_take(thimble_reader *scaling);

#endif
