/*
 * A report's fields and the monitor's place in flash: SPEC.md, section 8. For monitor.c and
 * monitor_store.c.
 */
#ifndef THIMBLE_MONITOR_CORE_H
#define THIMBLE_MONITOR_CORE_H

#include "bytes.h"
#include "descriptor.h"
#include "thimble_monitor.h"

/* Offsets of a report. */
enum {
    REPORT_VERSION     = 0,
    REPORT_FLAGS       = 1,
    REPORT_BYTES       = 2,
    REPORT_CRC         = 4,
    REPORT_INTERVAL    = 8,
    REPORT_TIME        = 12,
    REPORT_UPTIME      = 16,
    REPORT_SECONDS     = 20,
    REPORT_HASH        = 24,
    REPORT_INFERENCES  = 56,
    REPORT_OVERRUNS    = 58,
    REPORT_RESETS      = 60,
    REPORT_UPDATES     = 62,
    REPORT_COUNTERS    = 64,
    REPORT_FAILURES    = 72,
    REPORT_LATENCY     = 84,
    REPORT_CLASSES     = 108,
    REPORT_CHANNELS    = 110,
    REPORT_FIRST_COUNT = THIMBLE_MONITOR_HEAD
};

enum {
    EDGES       = 9, /* of a channel: the least value, seven between eight bins, the greatest */
    EDGES_BYTES = 4 * EDGES,
};

/* A float32 as an integer that is ordered as it is. */
static inline int32_t thimble_key_of(uint32_t bits) {
    if ((bits & 0x7fffffff) == 0) return 0;
    return (int32_t)((bits & 0x80000000) != 0 ? bits ^ 0x7fffffff : bits);
}

static inline int thimble_is_nan(uint32_t bits) { return (bits & 0x7fffffff) > 0x7f800000; }

/* A raw value of an output of at most 32 bits. */
static inline int32_t thimble_raw_at(const uint8_t *raw, uint8_t type, uint32_t index) {
    switch (type) {
    case THIMBLE_INT8: return (int8_t)raw[index];
    case THIMBLE_UINT8: return raw[index];
    case THIMBLE_INT16: return (int16_t)thimble_get_u16(raw + 2 * (size_t)index);
    default: return (int32_t)thimble_get_u32(raw + 4 * (size_t)index);
    }
}

enum { MONITOR_VERSION = 1, FLAG_STOPPED = 1, FLAG_NO_ROOM = 2, FLAG_SHADOW = 4 };

/* The length of a report that lies in RAM or in flash; 0 where it is none of this version. */
uint32_t thimble_report_bytes(const uint8_t *report);

/*
 * Finds in flash what was saved and what is sealed; the report under way goes to RAM. ERR_ARGUMENT where
 * flash does not fit.
 */
THIMBLE_CHECK_RESULT thimble_status thimble_monitor_load(thimble_monitor *monitor);

/* Writes the report in RAM to flash, as the one under way or as sealed. */
THIMBLE_CHECK_RESULT thimble_status thimble_monitor_put(thimble_monitor *monitor, int is_sealed);

/* The oldest sealed report that waits; null where there is none. */
const uint8_t *thimble_monitor_oldest(thimble_monitor *monitor);

/* Whether there is room for another sealed report, without one that waits being lost. */
int thimble_monitor_may_seal(const thimble_monitor *monitor);

#endif
