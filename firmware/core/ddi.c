#include "thimble_ddi.h"

#include <string.h>

#include "json.h"

enum {
    FIRST_INTERVAL = 60, /* seconds between polls until the server says */
    LEAST_INTERVAL = 1,
    GREATEST_DELAY = 3600, /* between attempts that fail */
    FIRST_DELAY    = 4,
    MAX_CHUNKS     = 32,
};

/* ---- text ---- */

/* Text that is put together in a buffer; one that does not fit is cut, and `fits` says so. */
typedef struct writer {
    char *at, *end;
    int fits;
} writer;

static writer write_to(char *buffer, size_t room) { return (writer){buffer, buffer + room, 1}; }

static void put(writer *out, const char *text) {
    size_t length = strlen(text), room = (size_t)(out->end - out->at);
    if (length >= room) {
        out->fits = 0;
        return;
    }
    memcpy(out->at, text, length + 1);
    out->at += length;
}

static void put_u32(writer *out, uint32_t value) {
    char digits[11];
    char *at = digits + sizeof digits;
    *--at    = '\0';
    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    put(out, at);
}

/* Ids are numbers that travel as texts. */
static int read_id(thimble_json value, uint32_t *id) {
    char text[12];
    int32_t length = thimble_json_string(value, text, sizeof text);
    if (length <= 0) return thimble_json_u32(value, id);
    return thimble_json_u32((thimble_json){text, text + length}, id);
}

/* FNV-1a: an ETag's stand-in in the journal, never 0. */
static uint32_t tag_of(const char *etag) {
    uint32_t hash = 2166136261u;
    for (; *etag != '\0'; etag++) hash = (hash ^ (uint8_t)*etag) * 16777619u;
    return hash == 0 ? 1 : hash;
}

/* "HH:MM:SS" in seconds; 0 where it is something else. */
static uint32_t read_duration(thimble_json value) {
    char text[16];
    if (thimble_json_string(value, text, sizeof text) != 8) return 0;
    uint32_t parts[3];
    for (int i = 0; i < 3; i++) {
        const char tens = text[3 * i], ones = text[3 * i + 1];
        if (tens < '0' || tens > '9' || ones < '0' || ones > '9') return 0;
        parts[i] = (uint32_t)(tens - '0') * 10 + (uint32_t)(ones - '0');
    }
    return (parts[0] * 60 + parts[1]) * 60 + parts[2];
}

static int read_hash(thimble_json value, uint8_t hash[32]) {
    static const char digits[] = "0123456789abcdef";
    char text[65];
    if (thimble_json_string(value, text, sizeof text) != 64) return 0;
    for (int i = 0; i < 64; i++) {
        const char lower  = (char)(text[i] >= 'A' && text[i] <= 'F' ? text[i] + 32 : text[i]);
        const char *digit = strchr(digits, lower);
        if (digit == NULL) return 0;
        hash[i / 2] = (uint8_t)(hash[i / 2] << 4 | (digit - digits));
    }
    return 1;
}

/* ---- time ---- */

static uint32_t random_below(thimble_ddi *client, uint32_t limit) {
    client->seed = client->seed * 1664525u + 1013904223u;
    return limit == 0 ? 0 : (client->seed >> 8) % limit;
}

/* Later, and later still each time: devices that failed together do not come back together. */
static void back_off(thimble_ddi *client, uint32_t now) {
    uint32_t delay = FIRST_DELAY;
    for (uint32_t i = 0; i < client->failures && delay < GREATEST_DELAY; i++) delay *= 2;
    if (delay > GREATEST_DELAY) delay = GREATEST_DELAY;
    delay = delay / 2 + random_below(client, delay / 2 + 1);
    if (delay < client->retry_after)
        delay = client->retry_after + random_below(client, client->retry_after / 4 + 1);
    client->failures++;
    client->phase = THIMBLE_DDI_POLL;
    client->due   = now + delay;
}

/* Until the next poll, a little less for some devices than for others. */
static void rest(thimble_ddi *client, uint32_t now) {
    client->phase = THIMBLE_DDI_POLL;
    client->due   = now + client->interval - random_below(client, client->interval / 8);
}

/* ---- requests ---- */

static void write_url(thimble_ddi *client, const char *middle, uint32_t id) {
    writer out = write_to(client->target, sizeof client->target);
    put(&out, client->url);
    put(&out, middle);
    put_u32(&out, id);
    put(&out, "/feedback");
}

static void write_feedback(thimble_ddi *client, uint32_t id, const char *execution, const char *finished,
                           const char *detail) {
    writer out = write_to(client->body, sizeof client->body);
    put(&out, "{\"id\":\"");
    put_u32(&out, id);
    put(&out, "\",\"status\":{\"execution\":\"");
    put(&out, execution);
    put(&out, "\",\"result\":{\"finished\":\"");
    put(&out, finished);
    put(&out, "\"");
    if (client->phase == THIMBLE_DDI_PROGRESS) {
        const thimble_record *record = thimble_store_record(client->store, client->model);
        put(&out, ",\"progress\":{\"cnt\":");
        put_u32(&out, record->offset);
        put(&out, ",\"of\":");
        put_u32(&out, record->size);
        put(&out, "}");
    }
    put(&out, "},\"details\":[\"");
    put(&out, detail);
    put(&out, "\"]}}");
}

/* The body of the phases that send one. */
static void write_body(thimble_ddi *client) {
    const thimble_record *record = thimble_store_record(client->store, client->model);
    if (client->phase == THIMBLE_DDI_CONFIG) {
        writer out = write_to(client->body, sizeof client->body);
        put(&out, "{\"mode\":\"merge\",\"data\":");
        put(&out, client->attributes);
        put(&out, "}");
    } else if (client->phase == THIMBLE_DDI_CANCEL_FEEDBACK) {
        write_url(client, "/cancelAction/", client->stop);
        if (client->is_cancelled)
            write_feedback(client, client->stop, "closed", "success", "cancelled");
        else
            write_feedback(client, client->stop, "rejected", "failure", "the model is in service already");
    } else if (client->phase == THIMBLE_DDI_PROGRESS) {
        write_url(client, "/deploymentBase/", client->action);
        int arrived = record->state != THIMBLE_DOWNLOAD;
        write_feedback(client, client->action, arrived ? "downloaded" : "download", "none",
                       arrived ? "verified, waits for its trial" : "the download begins");
    } else {
        write_url(client, "/deploymentBase/", client->action);
        if (client->refusal == THIMBLE_OK)
            write_feedback(client, client->action, "closed", "success", "confirmed");
        else
            write_feedback(client, client->action, "closed", "failure", thimble_status_text(client->refusal));
    }
}

/* An outcome that the server does not know is worth a poll at once. */
static int has_news(const thimble_ddi *client) {
    for (uint32_t model = 0; model < client->store->model_count; model++) {
        const thimble_record *record = &client->store->records[model];
        if (record->action != 0 && record->outcome != THIMBLE_NO_OUTCOME && !record->reported) return 1;
    }
    return 0;
}

uint32_t thimble_ddi_next(thimble_ddi *client, uint32_t now, thimble_ddi_request *request) {
    if (client->interval == 0) client->interval = FIRST_INTERVAL;
    const int is_early = now < client->due;
    const int hurries  = client->phase == THIMBLE_DDI_POLL && client->failures == 0 && has_news(client);
    if (is_early && !hurries) return client->due - now;

    const int sends = client->phase == THIMBLE_DDI_CONFIG || client->phase == THIMBLE_DDI_CANCEL_FEEDBACK ||
                      client->phase == THIMBLE_DDI_PROGRESS || client->phase == THIMBLE_DDI_FEEDBACK;
    if (sends) write_body(client);
    *request = (thimble_ddi_request){
        .method        = client->phase == THIMBLE_DDI_CONFIG ? "PUT"
                         : sends                             ? "POST"
                                                             : "GET",
        .url           = client->phase == THIMBLE_DDI_POLL ? client->url : client->target,
        .authorization = client->authorization,
        .body          = sends ? client->body : NULL,
        .body_bytes    = sends ? (uint32_t)strlen(client->body) : 0,
        .range_start   = client->phase == THIMBLE_DDI_DOWNLOAD ? client->asked_from : 0,
    };
    client->http        = 0;
    client->retry_after = 0;
    client->text_bytes  = 0;
    client->skip        = 0;
    client->starts_over = 0;
    return 0;
}

/* ---- answers ---- */

/* Whether a download's head is what was asked for; how much of the body the slot has already. */
static int accept_download(thimble_ddi *client, const thimble_ddi_head *head) {
    const thimble_record *record = thimble_store_record(client->store, client->model);
    if (head->status == 206 && head->range_start != client->asked_from) return 0;
    client->tag = head->etag == NULL ? record->tag : tag_of(head->etag);
    // Another file than the one that was begun: what is in the slot is worth nothing.
    client->starts_over = client->asked_from > 0 && client->tag != record->tag;
    if (client->starts_over && head->status == 206) return 0;
    if (client->tag != record->tag) {
        thimble_offer offer = {.size = client->size, .action = client->action, .tag = client->tag};
        memcpy(offer.hash, client->hash, sizeof offer.hash);
        uint32_t offset;
        if (thimble_update_begin(client->store, client->model, &offer, &offset) != THIMBLE_OK) return 0;
        client->asked_from  = offset;
        client->starts_over = 0;
    }
    client->skip = head->status == 200 ? client->asked_from : 0;
    return 1;
}

int thimble_ddi_head_is(thimble_ddi *client, const thimble_ddi_head *head) {
    client->http        = head->status;
    client->retry_after = head->retry_after > GREATEST_DELAY ? GREATEST_DELAY : head->retry_after;
    if (head->status != 200 && head->status != 206) return 0;
    return client->phase != THIMBLE_DDI_DOWNLOAD || accept_download(client, head);
}

static int take_image(thimble_ddi *client, const uint8_t *data, uint32_t bytes) {
    uint32_t skipped = bytes < client->skip ? bytes : client->skip;
    client->skip -= skipped;
    data += skipped;
    bytes -= skipped;
    uint32_t left = client->size - client->store->tails[client->model].position;
    if (bytes > left) bytes = left;
    if (bytes == 0) return left > 0;
    return thimble_update_write(client->store, client->model, data, bytes) == THIMBLE_OK;
}

int thimble_ddi_body_is(thimble_ddi *client, const uint8_t *data, uint32_t bytes) {
    if (client->phase == THIMBLE_DDI_DOWNLOAD) return take_image(client, data, bytes);
    if (bytes > sizeof client->text - client->text_bytes) {
        client->http = 0; // longer than any document that this device could act on
        return 0;
    }
    memcpy(client->text + client->text_bytes, data, bytes);
    client->text_bytes += bytes;
    return 1;
}

/* Takes the href of a link for the next request. */
static int follow(thimble_ddi *client, thimble_json links, const char *name, thimble_ddi_phase phase) {
    thimble_json href = thimble_json_member(thimble_json_member(links, name), "href");
    if (thimble_json_string(href, client->target, sizeof client->target) <= 0) return 0;
    client->phase = phase;
    return 1;
}

/* Outcomes are known, of one action or (0) of all: 0 where the journal can't take it. */
static int mark_reported(thimble_ddi *client, uint32_t action) {
    for (uint32_t model = 0; model < client->store->model_count; model++) {
        if (action != 0 && client->store->records[model].action != action) continue;
        if (thimble_update_reported(client->store, model) != THIMBLE_OK) return 0;
    }
    return 1;
}

/* What nobody orders any more is not installed: 0 where the journal can't take it. */
static int drop_downloads(thimble_ddi *client) {
    for (uint32_t model = 0; model < client->store->model_count; model++) {
        const uint8_t state = client->store->records[model].state;
        // Action 0 is nobody's here: a cable's, or an application's own.
        if (client->store->records[model].action == 0) continue;
        if (state != THIMBLE_DOWNLOAD && state != THIMBLE_READY) continue;
        if (thimble_update_cancel(client->store, model, THIMBLE_ERR_CANCELLED) != THIMBLE_OK) return 0;
    }
    return 1;
}

static void after_poll(thimble_ddi *client, thimble_json document, uint32_t now) {
    thimble_json polling = thimble_json_member(thimble_json_member(document, "config"), "polling");
    uint32_t interval    = read_duration(thimble_json_member(polling, "sleep"));
    if (interval >= LEAST_INTERVAL) client->interval = interval;
    thimble_json links = thimble_json_member(document, "_links");
    if (follow(client, links, "cancelAction", THIMBLE_DDI_CANCEL)) return;
    // hawkBit asks a device that has nothing to say too, and refuses an empty answer.
    const int has_config = client->attributes != NULL && !client->config_sent;
    if (has_config && follow(client, links, "configData", THIMBLE_DDI_CONFIG)) return;
    if (follow(client, links, "deploymentBase", THIMBLE_DDI_DEPLOYMENT)) return;
    // The server waits for nothing: the answer to an outcome may have been lost, but not the outcome.
    if (drop_downloads(client) && mark_reported(client, 0))
        rest(client, now);
    else
        back_off(client, now);
}

static void after_cancel(thimble_ddi *client, thimble_json document, uint32_t now) {
    uint32_t target;
    if (!read_id(thimble_json_member(document, "id"), &client->stop) ||
        !read_id(thimble_json_member(thimble_json_member(document, "cancelAction"), "stopId"), &target)) {
        back_off(client, now);
        return;
    }
    client->is_cancelled = 1;
    for (uint32_t model = 0; model < client->store->model_count; model++) {
        const thimble_record *record = &client->store->records[model];
        if (record->action != target) continue;
        // What is in service can't be taken back: the server has yet to hear that it is.
        if (record->outcome == THIMBLE_INSTALLED) client->is_cancelled = 0;
        if (record->state == THIMBLE_IDLE) continue;
        if (thimble_update_cancel(client->store, model, THIMBLE_ERR_CANCELLED) != THIMBLE_OK)
            client->is_cancelled = 0;
    }
    client->phase = THIMBLE_DDI_CANCEL_FEEDBACK;
}

/* The model that a chunk is for; 0 where the device has none of that name. */
static int find_model(thimble_ddi *client, thimble_json chunk, uint32_t *model) {
    char name[THIMBLE_ID_BYTES + 1];
    int32_t length = thimble_json_string(thimble_json_member(chunk, "name"), name, sizeof name);
    for (uint32_t i = 0; i < client->model_count; i++) {
        const thimble_ddi_model *each = &client->models[i];
        if (each->name != NULL && (length < 0 || strcmp(each->name, name) != 0)) continue;
        *model = each->model;
        return thimble_store_record(client->store, *model) != NULL;
    }
    return 0;
}

/* An image by its URL: over TLS where the server offers that, else without; the signature is what counts. */
static int read_artifact(thimble_ddi *client, thimble_json artifact) {
    thimble_json links = thimble_json_member(artifact, "_links");
    const int has_link = follow(client, links, "download", THIMBLE_DDI_DOWNLOAD) ||
                         follow(client, links, "download-http", THIMBLE_DDI_DOWNLOAD);
    memset(client->hash, 0, sizeof client->hash);
    thimble_json hash = thimble_json_member(thimble_json_member(artifact, "hashes"), "sha256");
    if (hash.at != NULL && !read_hash(hash, client->hash)) return 0;
    return has_link && thimble_json_u32(thimble_json_member(artifact, "size"), &client->size);
}

static void give_feedback(thimble_ddi *client, thimble_status refusal) {
    client->refusal = refusal;
    client->phase   = THIMBLE_DDI_FEEDBACK;
}

/* Begins the download of a chunk's image, or goes on with it. */
static void begin_download(thimble_ddi *client, thimble_json chunk, uint32_t now) {
    thimble_json artifacts = thimble_json_member(chunk, "artifacts");
    if (!read_artifact(client, thimble_json_element(artifacts, 0)) ||
        thimble_json_element(artifacts, 1).at != NULL) {
        give_feedback(client, THIMBLE_ERR_DEPLOYMENT);
        return;
    }
    const thimble_record *record = thimble_store_record(client->store, client->model);
    const int is_new             = record->action != client->action;
    thimble_offer offer          = {.size = client->size, .action = client->action, .tag = client->tag};
    if (!client->starts_over && !is_new) offer.tag = record->tag;
    memcpy(offer.hash, client->hash, sizeof offer.hash);
    thimble_status status = thimble_update_begin(client->store, client->model, &offer, &client->asked_from);
    if (status == THIMBLE_ERR_SLOT)
        give_feedback(client, status);
    else if (status == THIMBLE_ERR_STATE)
        rest(client, now); // another version is on trial: its outcome comes first
    else if (status != THIMBLE_OK)
        back_off(client, now);
    else if (client->asked_from >= client->size)
        client->asked_from = 0;
    if (status == THIMBLE_OK && is_new) {
        client->is_asked = 1; // the URL has to be read again once the server knows that the download begins
        client->phase    = THIMBLE_DDI_PROGRESS;
    }
}

/* What to do for a deployment: the first of its chunks that is not done. */
static void after_deployment(thimble_ddi *client, thimble_json document, uint32_t now) {
    if (!read_id(thimble_json_member(document, "id"), &client->action)) {
        back_off(client, now);
        return;
    }
    thimble_json chunks = thimble_json_member(thimble_json_member(document, "deployment"), "chunks");
    uint32_t i          = 0;
    for (thimble_json chunk; i < MAX_CHUNKS && (chunk = thimble_json_element(chunks, i)).at != NULL; i++) {
        if (!find_model(client, chunk, &client->model)) {
            give_feedback(client, THIMBLE_ERR_DEPLOYMENT);
            return;
        }
        const thimble_record *record = thimble_store_record(client->store, client->model);
        const int is_same            = record->action == client->action;
        if (is_same && record->outcome == THIMBLE_REFUSED) {
            give_feedback(client, record->reason);
            return;
        }
        if (is_same && (record->state == THIMBLE_READY || record->state == THIMBLE_TRIAL)) {
            rest(client, now);
            return;
        }
        if (is_same && record->outcome == THIMBLE_INSTALLED) continue;
        begin_download(client, chunk, now);
        return;
    }
    give_feedback(client, i == 0 ? THIMBLE_ERR_DEPLOYMENT : THIMBLE_OK);
}

static void after_download(thimble_ddi *client, uint32_t now) {
    if (client->http == 404 || client->http == 410) {
        thimble_status status = thimble_update_cancel(client->store, client->model, THIMBLE_ERR_GONE);
        if (status == THIMBLE_OK)
            give_feedback(client, THIMBLE_ERR_GONE);
        else
            back_off(client, now);
        return;
    }
    if (client->http == 416) client->starts_over = 1;
    if (client->starts_over) {
        thimble_offer offer = {.size = client->size, .action = client->action};
        offer.tag           = thimble_store_record(client->store, client->model)->tag + 1;
        memcpy(offer.hash, client->hash, sizeof offer.hash);
        if (thimble_update_begin(client->store, client->model, &offer, &client->asked_from) != THIMBLE_OK)
            client->http = 0;
        back_off(client, now);
        return;
    }
    if (client->store->tails[client->model].position < client->size) {
        back_off(client, now);
        return;
    }
    thimble_status status = thimble_update_finish(client->store, client->model);
    if (status == THIMBLE_OK)
        client->phase = THIMBLE_DDI_PROGRESS;
    else if (thimble_store_record(client->store, client->model)->state == THIMBLE_IDLE)
        give_feedback(client, status);
    else
        back_off(client, now);
}

/* The server knows the outcome, of every model that the deployment was for. */
static void after_feedback(thimble_ddi *client, uint32_t now) {
    if (mark_reported(client, client->action))
        rest(client, now);
    else
        back_off(client, now);
}

static void after_progress(thimble_ddi *client, uint32_t now) {
    const int goes_on = client->is_asked;
    client->is_asked  = 0;
    if (goes_on)
        client->phase = THIMBLE_DDI_POLL;
    else
        rest(client, now);
}

static int is_document(thimble_ddi_phase phase) {
    return phase == THIMBLE_DDI_POLL || phase == THIMBLE_DDI_CANCEL || phase == THIMBLE_DDI_DEPLOYMENT;
}

/* What a server does not want to hear, and would not at the next attempt. */
static int is_refused(thimble_ddi_phase phase, uint32_t http) {
    // To an action that the server has closed or forgotten there is nothing more to say.
    if (http == 404 || http == 409 || http == 410) return 1;
    // A quota of attributes or messages, or a word that the server does not know, must not hold up an update.
    const int is_courtesy = phase == THIMBLE_DDI_CONFIG || phase == THIMBLE_DDI_PROGRESS;
    return is_courtesy && http >= 400 && http < 500 && http != 429;
}

void thimble_ddi_end(thimble_ddi *client, uint32_t now, int whole) {
    client->due = now;
    if (client->phase == THIMBLE_DDI_DOWNLOAD) {
        after_download(client, now);
        if (client->phase != THIMBLE_DDI_POLL) client->failures = 0;
        return;
    }
    thimble_json document = {0};
    const int is_over = !is_document(client->phase) && is_refused(client->phase, client->http);
    const int is_good = (whole && client->http >= 200 && client->http < 300) || is_over;
    if (is_good && is_document(client->phase))
        document = thimble_json_check(client->text, client->text_bytes);
    if (!is_good || (is_document(client->phase) && document.at == NULL)) {
        back_off(client, now);
        return;
    }
    client->failures = 0;
    switch (client->phase) {
    case THIMBLE_DDI_POLL: after_poll(client, document, now); break;
    case THIMBLE_DDI_CONFIG:
        client->config_sent = 1;
        client->phase       = THIMBLE_DDI_POLL;
        break;
    case THIMBLE_DDI_CANCEL: after_cancel(client, document, now); break;
    case THIMBLE_DDI_DEPLOYMENT: after_deployment(client, document, now); break;
    case THIMBLE_DDI_PROGRESS: after_progress(client, now); break;
    case THIMBLE_DDI_FEEDBACK: after_feedback(client, now); break;
    case THIMBLE_DDI_CANCEL_FEEDBACK: client->phase = THIMBLE_DDI_POLL; break;
    case THIMBLE_DDI_DOWNLOAD: break;
    }
}
