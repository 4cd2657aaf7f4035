#include "ddi.h"

#include <string.h>

#include "ddi_text.h"

/*
 * Polls, and what a poll leads to. Four chains (polls, attributes, cancellations, orders) fail and are left
 * alone each for itself; within a chain every phase has its own count, which only its own success takes back:
 * an order that can be read does not make up for an image that can't be had.
 */

enum { FIRST_INTERVAL = 300 }; /* seconds between polls until the server says */

/* ---- asking ---- */

/* An outcome that the server does not know is worth a poll at once. */
static int has_news(const thimble_ddi *client) {
    for (uint32_t model = 0; model < client->store->model_count; model++) {
        const thimble_record *record = &client->store->records[model];
        if (record->action != 0 && record->outcome != THIMBLE_NO_OUTCOME && !record->reported) return 1;
    }
    return 0;
}

/* Whether it is time; news need not wait, but for a server that has to be left alone. */
static int is_due(thimble_ddi *client) {
    const int news = has_news(client);
    if (!news) client->has_hurried = 0;
    if (client->now >= client->due) return 1;
    if (!news || client->has_hurried || client->phase != THIMBLE_DDI_POLL) return 0;
    if (ddi_is_held(client, DDI_CHAIN_POLL) || ddi_is_held(client, DDI_CHAIN_CANCEL) ||
        ddi_is_held(client, DDI_CHAIN_ORDER))
        return 0;
    client->has_hurried = 1;
    return 1;
}

static int is_document(thimble_ddi_phase phase) {
    return phase == THIMBLE_DDI_POLL || phase == THIMBLE_DDI_CANCEL || phase == THIMBLE_DDI_DEPLOYMENT;
}

static const char *url_of(const thimble_ddi *client) {
    return client->phase == THIMBLE_DDI_POLL       ? client->url
           : client->phase == THIMBLE_DDI_DOWNLOAD ? client->link
                                                   : client->target;
}

/* Whoever else the server names is not to know it. */
static const char *authorization_of(const thimble_ddi *client) {
    const int is_own = ddi_is_same_origin(client->url, client->url, url_of(client));
    return is_own ? client->authorization : NULL;
}

static void prepare_answer(thimble_ddi *client) {
    client->http        = 0;
    client->retry_after = 0;
    client->skip        = 0;
    client->started     = 0;
    client->is_accepted = 0;
    client->written     = THIMBLE_OK;
    if (is_document(client->phase)) ddi_document_begin(client);
    if (client->phase != THIMBLE_DDI_DOWNLOAD) return;
    client->started = client->store->tails[client->model].position;
    client->is_pieced |= client->started > 0;
}

uint32_t thimble_ddi_next(thimble_ddi *client, uint32_t now, thimble_ddi_request *request) {
    client->now = now;
    if (client->interval == 0) client->interval = FIRST_INTERVAL;
    if (strlen(client->url) + THIMBLE_DDI_URL_MARGIN > THIMBLE_DDI_URL_BYTES) return FIRST_INTERVAL;
    if (!is_due(client)) return client->due - now;
    const int sends = !is_document(client->phase) && client->phase != THIMBLE_DDI_DOWNLOAD;
    if (sends) ddi_write_request(client);
    prepare_answer(client);
    *request = (thimble_ddi_request){
        .method        = client->phase == THIMBLE_DDI_CONFIG ? "PUT"
                         : sends                             ? "POST"
                                                             : "GET",
        .url           = url_of(client),
        .authorization = authorization_of(client),
        .body          = sends ? client->body : NULL,
        .body_bytes    = sends ? (uint32_t)strlen(client->body) : 0,
        .range_start   = client->whole_only ? 0 : client->started,
    };
    return 0;
}

/* ---- hearing ---- */

/* Whether it is the whole image, or the range that was asked for: no other is of use. */
static int accept_download(thimble_ddi *client, const thimble_ddi_head *head) {
    const uint32_t asked = client->whole_only ? 0 : client->started;
    client->is_accepted  = head->status == 200 || (head->status == 206 && head->range_start == asked);
    client->skip         = client->started - (head->status == 200 ? 0 : asked);
    // A server that can't do ranges is asked for all of it; what is there already is left out.
    if (head->status == 416 || (head->status == 206 && !client->is_accepted)) client->whole_only = 1;
    return client->is_accepted;
}

int thimble_ddi_head_is(thimble_ddi *client, const thimble_ddi_head *head) {
    client->http        = head->status;
    client->retry_after = head->retry_after;
    if (client->phase == THIMBLE_DDI_DOWNLOAD) return accept_download(client, head);
    return head->status == 200 && is_document(client->phase);
}

static int take_image(thimble_ddi *client, const uint8_t *data, uint32_t bytes) {
    uint32_t skipped = bytes < client->skip ? bytes : client->skip;
    client->skip -= skipped;
    data += skipped;
    bytes -= skipped;
    uint32_t left = client->offer.size - client->store->tails[client->model].position;
    if (bytes > left) bytes = left;
    if (bytes == 0) return left > 0;
    client->written = thimble_update_write(client->store, client->model, data, bytes);
    return client->written == THIMBLE_OK;
}

int thimble_ddi_body_is(thimble_ddi *client, const uint8_t *data, uint32_t bytes) {
    if (client->phase == THIMBLE_DDI_DOWNLOAD) return client->is_accepted && take_image(client, data, bytes);
    return client->http == 200 && is_document(client->phase) && thimble_json_feed(&client->json, data, bytes);
}

/* A document that is none: at last the server hears that its order, or cancellation, can't be read. */
static void after_nonsense(thimble_ddi *client) {
    const int is_poll = client->phase == THIMBLE_DDI_POLL;
    if (is_poll || client->http != 200 || client->retry_after > 0 || client->id[0] == '\0' ||
        client->failures[client->phase] + 1 < DDI_TRIES) {
        ddi_fail(client);
        return;
    }
    client->trouble.expected = NULL;
    ddi_note(client, 0, "a document of JSON, whole, with at most 16 levels", "another");
    client->is_cancelled = 0;
    if (client->phase == THIMBLE_DDI_CANCEL)
        client->phase = THIMBLE_DDI_CANCEL_FEEDBACK;
    else
        ddi_complain(client);
}

static void follow(thimble_ddi *client, thimble_ddi_phase phase) {
    client->phase = phase;
    memcpy(client->target, client->link, sizeof client->target);
}

static void begin_config(thimble_ddi *client) {
    const thimble_ddi_reading *reading = &client->reading;
    client->config_part                = 0;
    if (reading->rank == DDI_LINK_CONFIG && reading->has_link) {
        follow(client, THIMBLE_DDI_CONFIG);
        return;
    }
    ddi_writer out = ddi_write_to(client->target, sizeof client->target);
    ddi_put(&out, client->url);
    ddi_put(&out, "/configData");
    client->phase = THIMBLE_DDI_CONFIG;
}

static void begin_order(thimble_ddi *client) {
    client->order = ddi_order_of(client, client->id);
    if (client->reading.has_link) {
        follow(client, THIMBLE_DDI_DEPLOYMENT);
        return;
    }
    client->phase = THIMBLE_DDI_DEPLOYMENT;
    ddi_note(client, 0, "an address of HTTP that fits into this device's memory", "another");
    if (client->id[0] == '\0')
        ddi_fail(client);
    else
        ddi_complain(client);
}

/* The server waits for nothing. */
static void after_no_order(thimble_ddi *client) {
    client->hold[DDI_CHAIN_ORDER] = 0;
    client->answered              = 0;
    if (ddi_forget_orders(client)) {
        ddi_rest(client);
        return;
    }
    client->phase = THIMBLE_DDI_FEEDBACK;
    ddi_fail(client);
}

static void after_poll(thimble_ddi *client) {
    const thimble_ddi_reading *reading = &client->reading;
    client->hold[DDI_CHAIN_POLL]       = 0;
    if (reading->interval > 0) client->interval = reading->interval;
    if ((reading->links & DDI_LINK_CANCEL) == 0) {
        client->hold[DDI_CHAIN_CANCEL] = 0;
        client->stopped                = 0;
    } else if (ddi_is_held(client, DDI_CHAIN_CANCEL)) {
        ddi_rest(client);
        return;
    } else if (reading->has_link) {
        follow(client, THIMBLE_DDI_CANCEL);
        return;
    } else {
        client->phase = THIMBLE_DDI_CANCEL;
        after_nonsense(client);
        return;
    }
    // The server is content with what it was told.
    if ((reading->links & DDI_LINK_CONFIG) == 0 && client->told == client->config_hash)
        client->failures[THIMBLE_DDI_CONFIG] = 0;
    if (ddi_may_configure(client, (reading->links & DDI_LINK_CONFIG) != 0))
        begin_config(client);
    else if ((reading->links & DDI_LINK_ORDER) == 0)
        after_no_order(client);
    else if (ddi_is_held(client, DDI_CHAIN_ORDER))
        ddi_rest(client);
    else
        begin_order(client);
}

static void after_document(thimble_ddi *client, int whole) {
    const thimble_ddi_phase phase      = client->phase;
    const thimble_ddi_reading *reading = &client->reading;
    const int is_json                  = client->http == 200 && whole && thimble_json_end(&client->json);
    const int makes_sense              = phase == THIMBLE_DDI_POLL     ? reading->is_poll
                                         : phase == THIMBLE_DDI_CANCEL ? reading->has_stop
                                                                       : 1;
    if (!is_json || !makes_sense) {
        after_nonsense(client);
        return;
    }
    client->failures[phase] = 0;
    if (phase == THIMBLE_DDI_POLL)
        after_poll(client);
    else if (phase == THIMBLE_DDI_CANCEL)
        ddi_after_cancel(client);
    else
        ddi_after_deployment(client);
}

static void after_config(thimble_ddi *client) {
    if (client->config_to < client->model_count) {
        client->config_part = 1;
        client->config_from = client->config_to;
        return;
    }
    if (client->told == client->config_hash) {
        ddi_fail_again(client);
        return;
    }
    client->told                         = client->config_hash;
    client->failures[THIMBLE_DDI_CONFIG] = 0;
    client->hold[DDI_CHAIN_CONFIG]       = client->now + client->interval;
    client->phase                        = THIMBLE_DDI_POLL;
}

static void after_cancel_feedback(thimble_ddi *client) {
    const uint32_t cancellation = ddi_order_of(client, client->id);
    if (client->stopped == cancellation) {
        ddi_fail_again(client);
        return;
    }
    client->stopped                               = cancellation;
    client->failures[THIMBLE_DDI_CANCEL_FEEDBACK] = 0;
    client->hold[DDI_CHAIN_ORDER]                 = 0;
    client->phase                                 = THIMBLE_DDI_POLL;
}

/* The server knows the outcome, of every model that the order was for. */
static void after_feedback(thimble_ddi *client) {
    const int is_repeated = client->answered == client->order;
    const int is_marked   = ddi_mark_reported(client, client->order);
    client->answered      = client->order;
    if (is_repeated || !is_marked) {
        ddi_fail_again(client);
        return;
    }
    client->failures[THIMBLE_DDI_FEEDBACK] = 0;
    ddi_rest(client);
}

static void after_progress(thimble_ddi *client) {
    client->failures[THIMBLE_DDI_PROGRESS] = 0;
    if (client->said == DDI_SAID_DOWNLOAD)
        client->phase = THIMBLE_DDI_DOWNLOAD;
    else
        ddi_rest(client);
}

/* Whether the server has heard what it was told, or does not want to, now and at the next attempt. */
static int is_heard(const thimble_ddi *client) {
    const uint32_t http = client->http;
    if (http >= 200 && http < 300) return 1;
    if (client->retry_after > 0 || client->phase == THIMBLE_DDI_CONFIG) return 0;
    // To an action that the server has closed or forgotten there is nothing more to say.
    if (http == 404 || http == 409 || http == 410) return 1;
    // A quota of messages, or a word that the server does not know, must not hold up an update.
    return client->phase == THIMBLE_DDI_PROGRESS && http >= 400 && http < 500 && http != 429;
}

static void after_sent(thimble_ddi *client) {
    if (!is_heard(client)) {
        if (client->phase == THIMBLE_DDI_PROGRESS) client->said = DDI_SAID_NOTHING;
        ddi_fail(client);
        return;
    }
    switch (client->phase) {
    case THIMBLE_DDI_CONFIG: after_config(client); break;
    case THIMBLE_DDI_CANCEL_FEEDBACK: after_cancel_feedback(client); break;
    case THIMBLE_DDI_PROGRESS: after_progress(client); break;
    default: after_feedback(client);
    }
}

void thimble_ddi_end(thimble_ddi *client, uint32_t now, int whole) {
    client->now = now;
    client->due = now;
    if (client->phase == THIMBLE_DDI_DOWNLOAD)
        ddi_after_download(client, whole);
    else if (is_document(client->phase))
        after_document(client, whole);
    else
        after_sent(client);
}
