/* The one table of states and events, and the one way to go through it. */
#include "transitions.h"

#include <stddef.h>

#include "journal.h"
#include "slots.h"

/* The fate of the other slot. */
typedef enum other_slot {
    OTHER_KEPT,
    OTHER_FREED,  /* it holds the image that was in service */
    OTHER_BARRED, /* what it holds never runs: it is erased, as far as is needed, once that is journalled */
} other_slot;

typedef struct transition {
    uint8_t from, event, to, other;
} transition;

static const transition transitions[] = {
    {THIMBLE_IDLE, EVENT_BEGIN, THIMBLE_DOWNLOAD, OTHER_KEPT},
    {THIMBLE_DOWNLOAD, EVENT_BEGIN, THIMBLE_DOWNLOAD, OTHER_KEPT},
    {THIMBLE_READY, EVENT_BEGIN, THIMBLE_DOWNLOAD, OTHER_KEPT},
    {THIMBLE_DOWNLOAD, EVENT_AGAIN, THIMBLE_DOWNLOAD, OTHER_KEPT},
    {THIMBLE_READY, EVENT_AGAIN, THIMBLE_READY, OTHER_KEPT},
    {THIMBLE_DOWNLOAD, EVENT_PROGRESS, THIMBLE_DOWNLOAD, OTHER_KEPT},
    {THIMBLE_DOWNLOAD, EVENT_VERIFIED, THIMBLE_READY, OTHER_KEPT},
    {THIMBLE_IDLE, EVENT_REFUSED, THIMBLE_IDLE, OTHER_KEPT},
    {THIMBLE_DOWNLOAD, EVENT_REFUSED, THIMBLE_IDLE, OTHER_BARRED},
    {THIMBLE_READY, EVENT_REFUSED, THIMBLE_IDLE, OTHER_BARRED},
    {THIMBLE_DOWNLOAD, EVENT_HOLD, THIMBLE_DOWNLOAD, OTHER_KEPT},
    {THIMBLE_READY, EVENT_HOLD, THIMBLE_READY, OTHER_KEPT},
    {THIMBLE_DOWNLOAD, EVENT_CANCEL, THIMBLE_IDLE, OTHER_BARRED},
    {THIMBLE_READY, EVENT_CANCEL, THIMBLE_IDLE, OTHER_BARRED},
    {THIMBLE_READY, EVENT_START, THIMBLE_TRIAL, OTHER_KEPT},
    {THIMBLE_TRIAL, EVENT_RESTART, THIMBLE_TRIAL, OTHER_KEPT},
    {THIMBLE_TRIAL, EVENT_CONFIRM, THIMBLE_IDLE, OTHER_FREED},
    {THIMBLE_TRIAL, EVENT_REJECT, THIMBLE_IDLE, OTHER_BARRED},
    {THIMBLE_IDLE, EVENT_LOST, THIMBLE_IDLE, OTHER_KEPT},
    {THIMBLE_IDLE, EVENT_REPORTED, THIMBLE_IDLE, OTHER_KEPT},
};

static const transition *find_transition(const thimble_store *store, uint32_t model, thimble_event event) {
    for (size_t i = 0; i < sizeof transitions / sizeof *transitions; i++) {
        const transition *each = &transitions[i];
        if (each->event == event && each->from == store->records[model].state) return each;
    }
    return NULL;
}

int thimble_may(const thimble_store *store, uint32_t model, thimble_event event) {
    return find_transition(store, model, event) != NULL;
}

thimble_status thimble_happen(thimble_store *store, thimble_record record, thimble_event event) {
    const transition *transition = find_transition(store, record.model, event);
    if (transition == NULL) return THIMBLE_ERR_STATE;
    record.state = transition->to;
    if (transition->other != OTHER_KEPT) record.barred = transition->other == OTHER_BARRED;
    const thimble_status status = thimble_journal_write(store, &record);
    if (status != THIMBLE_OK && event != EVENT_REJECT && event != EVENT_LOST) return status;
    store->records[record.model] = record;
    // Where this fails the journal bars the slot all the same, and the next start tries it again.
    if (transition->other == OTHER_BARRED) (void)thimble_slot_erase_other(store, record.model);
    return status;
}
