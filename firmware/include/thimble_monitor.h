/*
 * thimble: what a device notices of its models, in counts that add up (SPEC.md, section 8).
 *
 * A monitor counts, for one model in service, how the values of its inputs and its results fall into the
 * bins that the module carries (`thimble build --monitor`), missing values and those outside what the
 * model was calibrated with, classes, failures by status, latency, overruns and resets. The counts lie in
 * RAM just as they are in a report. A report covers an interval; once its interval is sealed a report
 * never changes, so that a server which counts each interval once adds up exactly what the device has
 * seen. A module without bins is watched all the same, but for its values.
 *
 * Nothing is allocated. Without these functions nothing of the monitor is linked; with
 * -DTHIMBLE_NO_MONITOR the core does not even ask whether there is one. The functions may be called as
 * those of thimble.h may: not for one model from two tasks at a time.
 */
#ifndef THIMBLE_MONITOR_H
#define THIMBLE_MONITOR_H

#include "thimble_update.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THIMBLE_MONITOR_HEAD     112 /* bytes of a report without classes and channels */
#define THIMBLE_MONITOR_CLASSES  13  /* most that are counted apart: the last one stands for all others */
#define THIMBLE_MONITOR_CHANNEL  22  /* bytes of a feature, and of the result */
#define THIMBLE_MONITOR_COUNTERS 4   /* of the application's own */

/* RAM for the counts of a model with so many watched features: 512 bytes for 16 of them. */
#define THIMBLE_MONITOR_BYTES(features)                                                                      \
    (THIMBLE_MONITOR_HEAD + 2 * THIMBLE_MONITOR_CLASSES + THIMBLE_MONITOR_CHANNEL * ((features) + 1))

/* Where the module's bins lie in flash; the core's own. */
typedef struct thimble_monitor_bins {
    const uint8_t *inputs; /* channels of each input, 16 bits each */
    const uint8_t *edges;  /* of each channel */
    uint16_t classes;      /* that the module has */
    uint16_t channels;     /* features of all inputs, then the result; 0: none are watched */
    uint16_t every;        /* values of one of so many inferences are looked at */
    uint8_t input_count;
    uint8_t output, decision, type;
    int32_t limit;     /* of a decision by a threshold: the least raw value that is above it */
    uint32_t elements; /* of the output */
} thimble_monitor_bins;

/* One model's. The caller fills in the first part and zeroes the rest; it must stay where it is. */
typedef struct thimble_monitor {
    uint8_t *ram; /* THIMBLE_MONITOR_BYTES; values are not watched where a model needs more */
    uint32_t ram_bytes;
    /*
     * Flash, twice so many sectors, in which sealed intervals wait and counts outlive a reset. Where
     * `flash` is null there is `spare`, as large as `ram`, for one sealed interval, and a reset loses what
     * has not been reported.
     */
    const thimble_flash *flash;
    uint32_t address, sectors; /* sectors of one half, which holds at least three reports; 0: one */
    uint8_t *spare;
    uint32_t interval; /* seconds after which an interval is sealed */
    uint32_t
        save_every; /* seconds between two saves of an interval under way; 0: it is only saved when sealed */
    uint8_t is_shadow; /* of a version beside the one in service: thimble_shadow.h */
    uint32_t overrun;  /* ticks above which an inference is an overrun; 0: none is */

    /* The core's own. */
    thimble_monitor_bins bins;
    uint32_t next;                   /* number of the interval under way */
    uint32_t acknowledged;           /* the last interval that is known to have been taken; 0: none */
    uint32_t uptime, time, unsaved;  /* seconds */
    uint32_t wait, turn;             /* inferences until values are looked at again; how often they were */
    uint32_t generation, half, cell; /* of flash */
    uint8_t is_new, has_booted;      /* nothing was found in flash; no model was followed since the reset */
} thimble_monitor;

/* Most inferences of an interval: it is sealed before its time when half of them are counted. */
#define THIMBLE_MONITOR_MOST 65535

/*
 * After a reset, before the service starts: finds what flash has kept. THIMBLE_ERR_ARGUMENT where a field
 * is missing.
 */
THIMBLE_CHECK_RESULT thimble_status thimble_monitor_open(thimble_monitor *monitor);

/*
 * Watches a model that has just been opened, from now on: `opened` of its service, with the monitor as
 * context, or called for a model without service. Counts of another model are sealed.
 */
void thimble_monitor_follow(void *monitor, thimble_model *model);

/*
 * The time: seconds since the reset, and of Unix, 0 where the device does not know. To be called now and
 * then, every minute or so: saves and seals what is due. THIMBLE_ERR_FLASH where that failed; it is tried
 * again.
 */
THIMBLE_CHECK_RESULT thimble_status thimble_monitor_tick(thimble_monitor *monitor, uint32_t uptime,
                                                         uint32_t time);

/* Seals the interval under way now, where it has counted anything. */
THIMBLE_CHECK_RESULT thimble_status thimble_monitor_seal(thimble_monitor *monitor);

/* Saves the interval under way, as before a reset that is known to come. */
THIMBLE_CHECK_RESULT thimble_status thimble_monitor_save(thimble_monitor *monitor);

/*
 * The oldest report that waits: to be sent, as often as it takes. Valid until the next call of any
 * function of this monitor; null where none waits.
 */
const uint8_t *thimble_monitor_report(thimble_monitor *monitor, uint32_t *bytes, uint32_t *interval);

/* The server has that interval, and all before it. */
void thimble_monitor_acknowledge(thimble_monitor *monitor, uint32_t interval);

/*
 * Adds to a counter of the application's own, from 0 to THIMBLE_MONITOR_COUNTERS - 1, which stops at
 * 65535.
 */
void thimble_monitor_count(thimble_monitor *monitor, uint32_t counter, uint32_t by);

/* A failure that no inference tells: a sensor that gave nothing, a model that did not open. */
void thimble_monitor_fail(thimble_monitor *monitor, thimble_status status);

#ifdef __cplusplus
}
#endif

#endif
