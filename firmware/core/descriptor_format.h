/*
 * Numbers of a module's descriptor. Written by host/module/descriptor_header.ts from
 * host/module/descriptor_table.ts, which says what they mean: change that.
 */
#ifndef THIMBLE_DESCRIPTOR_FORMAT_H
#define THIMBLE_DESCRIPTOR_FORMAT_H

#define DESCRIPTOR_SECTION "thimble.io"

enum { DESCRIPTOR_VERSION = 1 };

/* Most inputs or outputs, values of one of them, and features whose names are numbered. */
enum { TENSORS_MAX = 64, ELEMENTS_MAX = 67108864, NUMBERED_MAX = 65536 };

enum {
    DECISION_NONE = 0,
    DECISION_GREATEST = 1,
    DECISION_ABOVE = 2,
    DECISION_SECOND = 3,
    DECISION_INDEX = 4,
    DECISION_ERROR = 5,
};

enum {
    FIELD_UNIT = 1,
    FIELD_SCALING = 2,
    FIELD_MISSING = 4,
    FIELD_NAMES = 8,
    FIELD_NUMBERED = 16,
    FIELD_THRESHOLD = 32,
    FIELD_STREAM = 64,
    FIELD_UNITS = 128,
};

#endif
