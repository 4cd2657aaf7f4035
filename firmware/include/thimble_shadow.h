/*
 * thimble: a new version beside the one in service, on the same inputs, before it takes over (SPEC.md,
 * section 8.7).
 *
 * While an update waits in the other slot and is held (an order to download now and to install later), its
 * image is opened in RAM of its own and runs on whatever the model in service is given by thimble_write. Its
 * outputs go nowhere; a monitor of its own counts them, how often both agree, and how often the new version
 * fails. So a server sees it on real inputs, and decides. Inferences take twice as long meanwhile.
 *
 * Nothing is allocated, and nothing of this is linked unless it is used. The functions may be called as those
 * of thimble.h may, by the task of the service.
 */
#ifndef THIMBLE_SHADOW_H
#define THIMBLE_SHADOW_H

#include "thimble_monitor.h"
#include "thimble_update.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Counters of the shadow's monitor: SPEC.md, section 8.7. */
enum thimble_shadow_counter {
    THIMBLE_SHADOW_COMPARED = 0, /* inferences of both */
    THIMBLE_SHADOW_AGREED   = 1, /* of these: one decision, or without decisions the same bytes */
    THIMBLE_SHADOW_FAILED   = 2, /* the new version failed, or did not take the input */
};

/* The caller fills in the first part and zeroes the rest; it must stay where it is. */
typedef struct thimble_shadow {
    thimble_service *service; /* whose other slot is watched; its `opened` is thimble_shadow_follow */
    void *ram;                /* for the new version, aligned to 8 bytes */
    size_t ram_bytes;
    thimble_monitor *monitor; /* of its own, opened, with `is_shadow`; ticked and sent as any other */
    /* The service's `opened` before, such as thimble_monitor_follow; may be null. */
    void (*opened)(void *context, thimble_model *model);
    void *opened_context;

    /* The core's own. */
    thimble_model *model; /* null while there is none */
    const void *next;
    void *next_context;
    uint32_t refused; /* tag and action of an image that did not open, so that it is not tried again */
    uint32_t refused_action;
    uint8_t is_refused, is_written, has_failed;
} thimble_shadow;

/* Watches the model in service: `opened` of its service, with the shadow as context. */
void thimble_shadow_follow(void *shadow, thimble_model *model);

/*
 * Between two inferences, every minute or so: opens the image that waits and is held, and closes it where it
 * does so no more. The status of opening it, once for each image; THIMBLE_OK otherwise.
 */
THIMBLE_CHECK_RESULT thimble_status thimble_shadow_tick(thimble_shadow *shadow);

#ifdef __cplusplus
}
#endif

#endif
