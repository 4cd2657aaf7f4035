/* Events of a model, by state: SPEC.md, section 6, has the same table. */
#ifndef THIMBLE_TRANSITIONS_H
#define THIMBLE_TRANSITIONS_H

#include "thimble_update.h"

typedef enum thimble_event {
    EVENT_BEGIN,    /* another image is offered */
    EVENT_AGAIN,    /* the same one is offered again */
    EVENT_PROGRESS, /* one more sector of it is in the other slot */
    EVENT_VERIFIED, /* it is complete, and every check that needs no execution has passed */
    EVENT_REFUSED,  /* it is not, or one has not */
    EVENT_HOLD,     /* whoever offered it forbids its trial, or allows it again */
    EVENT_CANCEL,   /* whoever offered it takes it back */
    EVENT_START,    /* the image that waits is about to be opened, on trial */
    EVENT_RESTART,  /* once more, after a reset */
    EVENT_CONFIRM,  /* it does what it should */
    EVENT_REJECT,   /* it does not */
    EVENT_LOST,     /* the image in service is damaged, and the other slot's runs */
    EVENT_REPORTED, /* the outcome is known to whoever ordered the update */
} thimble_event;

/* Whether an event is in the table for the state that the model is in. */
int thimble_may(const thimble_store *store, uint32_t model, thimble_event event);

/*
 * Journals what `record` becomes by an event: the only place where a state changes. THIMBLE_ERR_STATE where
 * the model's state does not allow that. That an image was rejected or lost is so whether or not the journal
 * can take it; everything else has not happened then.
 */
thimble_status thimble_happen(thimble_store *store, thimble_record record, thimble_event event);

#endif
