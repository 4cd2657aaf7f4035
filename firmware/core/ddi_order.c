#include <string.h>

#include "ddi.h"
#include "ddi_text.h"

enum { RESTARTS = 2 }; /* of a download in pieces whose whole is wrong */

/* ---- outcomes ---- */

static void give_feedback(thimble_ddi *client, thimble_status refusal) {
    client->trouble.expected = NULL;
    client->refusal          = refusal;
    client->phase            = THIMBLE_DDI_FEEDBACK;
}

void ddi_complain(thimble_ddi *client) {
    client->refusal = THIMBLE_ERR_DEPLOYMENT;
    client->phase   = THIMBLE_DDI_FEEDBACK;
}

/* The flash won't: later it may, but the server hears of it at last. */
static void fault(thimble_ddi *client, thimble_status status) {
    client->phase = THIMBLE_DDI_DOWNLOAD;
    if (client->failures[THIMBLE_DDI_DOWNLOAD] + 1 < DDI_TRIES)
        ddi_fail(client);
    else
        give_feedback(client, status);
}

/* News of an order before its outcome, once; after a download's begin, it begins. */
static void say(thimble_ddi *client, uint8_t what) {
    if (client->said == what && client->said_order == client->order) {
        ddi_rest(client);
        return;
    }
    client->said       = what;
    client->said_order = client->order;
    client->phase      = THIMBLE_DDI_PROGRESS;
}

int ddi_mark_reported(thimble_ddi *client, uint32_t order) {
    for (uint32_t model = 0; model < client->store->model_count; model++) {
        if (order != 0 && client->store->records[model].action != order) continue;
        if (thimble_update_reported(client->store, model) != THIMBLE_OK) return 0;
    }
    return 1;
}

static int is_under_way(const thimble_record *record) {
    return record->state == THIMBLE_DOWNLOAD || record->state == THIMBLE_READY;
}

int ddi_forget_orders(thimble_ddi *client) {
    for (uint32_t model = 0; model < client->store->model_count; model++) {
        const thimble_record *record = &client->store->records[model];
        // Action 0 is nobody's here: a cable's, or an application's own.
        if (record->action == 0 || !is_under_way(record)) continue;
        // An order to download has been obeyed: the image waits for one to install it.
        if (record->state == THIMBLE_READY && record->held) continue;
        if (thimble_update_cancel(client->store, model, THIMBLE_ERR_CANCELLED) != THIMBLE_OK) return 0;
    }
    // The answer to an outcome may have been lost, but not the outcome.
    return ddi_mark_reported(client, 0);
}

/* ---- cancellations ---- */

/* Whether something of the order is in service, or on trial: that can't be taken back. */
static int is_installed(const thimble_ddi *client, uint32_t order) {
    for (uint32_t model = 0; model < client->store->model_count; model++) {
        const thimble_record *record = &client->store->records[model];
        if (record->action != order) continue;
        if (record->outcome == THIMBLE_INSTALLED || record->state == THIMBLE_TRIAL) return 1;
    }
    return 0;
}

void ddi_after_cancel(thimble_ddi *client) {
    const uint32_t order = client->reading.stop;
    client->phase        = THIMBLE_DDI_CANCEL_FEEDBACK;
    client->is_cancelled = !is_installed(client, order);
    for (uint32_t model = 0; client->is_cancelled && model < client->store->model_count; model++) {
        const thimble_record *record = &client->store->records[model];
        if (record->action != order || !is_under_way(record)) continue;
        if (thimble_update_cancel(client->store, model, THIMBLE_ERR_CANCELLED) == THIMBLE_OK) continue;
        ddi_fail(client);
        return;
    }
}

/* ---- downloads ---- */

/* Begins the download, or goes on with it, and forbids the trial where the server does. */
static thimble_status begin_update(thimble_ddi *client, uint32_t *offset) {
    client->phase         = THIMBLE_DDI_DOWNLOAD;
    thimble_status status = thimble_update_begin(client->store, client->model, &client->offer, offset);
    if (status != THIMBLE_OK) return status;
    if (*offset == 0) client->is_pieced = client->whole_only = 0;
    return thimble_update_hold(client->store, client->model, client->is_held);
}

/* The image waits for its trial. */
static void arrive(thimble_ddi *client) {
    client->failures[THIMBLE_DDI_DOWNLOAD] = 0;
    // Said of the whole order, which may be over with that.
    if (client->reading.open <= 1)
        say(client, DDI_SAID_DOWNLOADED);
    else
        client->phase = THIMBLE_DDI_POLL;
}

static void finish(thimble_ddi *client) {
    thimble_status status = thimble_update_finish(client->store, client->model);
    if (status == THIMBLE_OK) {
        arrive(client);
        return;
    }
    if (thimble_store_record(client->store, client->model)->state != THIMBLE_IDLE) {
        fault(client, status);
        return;
    }
    // Pieces of different files may have met: one more time, and from its first byte.
    if (status == THIMBLE_ERR_HASH && client->is_pieced && client->restarts < RESTARTS) {
        uint32_t offset;
        client->restarts++;
        status = begin_update(client, &offset);
        if (status == THIMBLE_OK)
            ddi_fail(client);
        else
            fault(client, status);
        return;
    }
    client->failures[THIMBLE_DDI_DOWNLOAD] = 0;
    give_feedback(client, status);
}

/* Begins a download, or goes on with it. */
static void begin(thimble_ddi *client) {
    const thimble_record *record = thimble_store_record(client->store, client->model);
    const int is_new             = record->state != THIMBLE_DOWNLOAD || record->action != client->order ||
                       memcmp(record->hash, client->offer.hash, sizeof record->hash) != 0;
    uint32_t offset       = 0;
    thimble_status status = begin_update(client, &offset);
    if (is_new) {
        client->restarts = 0;
        client->said     = DDI_SAID_NOTHING;
    }
    if (status == THIMBLE_ERR_SLOT)
        give_feedback(client, status);
    else if (status == THIMBLE_ERR_STATE)
        ddi_rest(client); // another version is on trial: its outcome comes first
    else if (status != THIMBLE_OK)
        fault(client, status);
    else if (record->state == THIMBLE_READY)
        arrive(client); // it waits already, by another order
    else if (offset >= client->offer.size)
        finish(client);
    else if (is_new)
        say(client, DDI_SAID_DOWNLOAD);
}

static int is_transient(uint32_t http) { return http == 0 || http == 408 || http == 429 || http >= 500; }

/* The answer that came in place of the image. */
static void note_obstacle(thimble_ddi *client) {
    char found[THIMBLE_DDI_FOUND_BYTES];
    ddi_writer out = ddi_write_to(found, sizeof found);
    ddi_put(&out, client->is_accepted ? "a shorter one" : client->http == 0 ? "no answer" : "HTTP status ");
    if (!client->is_accepted && client->http != 0) ddi_put_u32(&out, client->http);
    client->trouble.expected = NULL;
    ddi_note(client, 0, client->is_accepted ? "an image of the order's size" : "the image", found);
}

/* The image does not come, or not to its end: later, or never where asking again won't help. */
static void after_obstacle(thimble_ddi *client, int whole) {
    const uint32_t position = client->store->tails[client->model].position;
    const int tries         = client->failures[THIMBLE_DDI_DOWNLOAD] + 1;
    const int is_stuck      = position <= client->started && tries >= DDI_TRIES && client->retry_after == 0;
    if (is_stuck && whole && !is_transient(client->http)) {
        note_obstacle(client);
        ddi_complain(client);
        return;
    }
    // All of it brings nothing new where the connection breaks too early: perhaps ranges do by now.
    if (client->is_accepted && position <= client->started) client->whole_only = 0;
    ddi_fail(client);
    if (tries != DDI_TRIES || client->retry_after > 0) return;
    // Somebody may want to know why the order is not obeyed yet.
    note_obstacle(client);
    say(client, DDI_SAID_STALLED);
    client->due = client->now;
}

void ddi_after_download(thimble_ddi *client, int whole) {
    const int is_gone = client->retry_after == 0 && (client->http == 404 || client->http == 410);
    if (is_gone) {
        thimble_status status = thimble_update_cancel(client->store, client->model, THIMBLE_ERR_GONE);
        if (status == THIMBLE_OK)
            give_feedback(client, THIMBLE_ERR_GONE);
        else
            fault(client, status);
    } else if (client->store->tails[client->model].position >= client->offer.size) {
        finish(client);
    } else if (client->written != THIMBLE_OK) {
        fault(client, client->written);
    } else {
        after_obstacle(client, whole);
    }
}

/* ---- deployments ---- */

/* Lets the images that wait go on trial, or not yet: 0 where the journal can't take it. */
static int hold_images(thimble_ddi *client) {
    for (uint32_t model = 0; model < client->store->model_count; model++) {
        if ((client->reading.ready >> model & 1) == 0) continue;
        if (thimble_update_hold(client->store, model, client->is_held) != THIMBLE_OK) return 0;
    }
    return 1;
}

void ddi_after_deployment(thimble_ddi *client) {
    thimble_ddi_reading *reading = &client->reading;
    if (client->id[0] == '\0') {
        ddi_fail(client);
        return;
    }
    if (reading->rereads) return; // its chunks were judged as those of another order
    if (reading->chunks == 0) ddi_note(client, 0, "a chunk for each model", "none");
    if (client->trouble.expected != NULL) {
        ddi_complain(client);
        return;
    }
    if (reading->reason != THIMBLE_OK) {
        give_feedback(client, reading->reason);
        return;
    }
    client->is_held = reading->update == DDI_MODE_SKIP || reading->window == DDI_MODE_SKIP;
    if (!hold_images(client))
        fault(client, THIMBLE_ERR_FLASH);
    else if (reading->open > 0 && reading->download == DDI_MODE_SKIP)
        say(client, DDI_SAID_SCHEDULED);
    else if (reading->open > 0)
        begin(client);
    else if (reading->waiting > 0 && client->is_held)
        say(client, DDI_SAID_DOWNLOADED);
    else if (reading->waiting > 0)
        ddi_rest(client);
    else
        give_feedback(client, THIMBLE_OK);
}
