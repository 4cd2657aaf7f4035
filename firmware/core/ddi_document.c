#include <string.h>

#include "ddi.h"
#include "ddi_text.h"

/* ---- names and paths of the documents (thimble_json.h) ---- */

enum {
    CONFIG = 1,
    POLLING,
    SLEEP,
    LINKS,
    DEPLOYMENT_BASE,
    CANCEL_ACTION,
    CONFIG_DATA,
    HREF,
    ID,
    STOP_ID,
    DEPLOYMENT,
    DOWNLOAD,
    UPDATE,
    WINDOW,
    CHUNKS,
    NAME,
    ARTIFACTS,
    HASHES,
    SHA256,
    SIZE,
    DOWNLOAD_HTTP,
};

static const char *const names[] = {
    "config", "polling", "sleep",     "_links",     "deploymentBase", "cancelAction", "configData",
    "href",   "id",      "stopId",    "deployment", "download",       "update",       "maintenanceWindow",
    "chunks", "name",    "artifacts", "hashes",     "sha256",         "size",         "download-http",
};

#define IN(parent, name) ((uint32_t)(parent) << THIMBLE_JSON_NAME_BITS | (uint32_t)(name))
#define POLL_LINK(name)  IN(IN(LINKS, name), HREF)
#define CHUNK            IN(DEPLOYMENT, CHUNKS)
#define ARTIFACT         IN(CHUNK, ARTIFACTS)
#define FILE_LINK(name)  IN(IN(IN(ARTIFACT, LINKS), name), HREF)

uint32_t ddi_order_of(const thimble_ddi *client, const char *id) {
    const uint32_t order = ddi_fnv(ddi_fnv(DDI_FNV, client->url), id);
    return order == 0 ? 1 : order;
}

void ddi_note(thimble_ddi *client, uint32_t chunk, const char *expected, const char *found) {
    thimble_ddi_trouble *trouble = &client->trouble;
    if (trouble->expected != NULL) return;
    trouble->expected = expected;
    trouble->chunk    = chunk;
    uint32_t length   = 0;
    for (; found[length] != '\0' && length + 1 < sizeof trouble->found; length++) {
        const char c           = found[length];
        trouble->found[length] = (char)(c < ' ' || c > '~' || c == '"' || c == '\\' ? '?' : c);
    }
    trouble->found[length] = '\0';
}

static int is_text(const thimble_json_value *value) {
    return !value->is_cut && (value->kind == THIMBLE_JSON_STRING || value->kind == THIMBLE_JSON_NUMBER);
}

static int is_scalar(const thimble_json_value *value) { return value->kind >= THIMBLE_JSON_STRING; }

/* Takes an id that can stand in an address; 0 where it can't. */
static int take_id(thimble_ddi *client, const char *text, uint32_t length) {
    if (length == 0 || length > THIMBLE_DDI_ID_BYTES) return 0;
    memmove(client->id, text, length);
    client->id[length] = '\0';
    return 1;
}

/* ---- a poll ---- */

/* Keeps the most urgent link that there is something to do for. */
static void take_link(thimble_ddi *client, const thimble_json_value *value, uint8_t kind) {
    thimble_ddi_reading *reading = &client->reading;
    reading->links |= kind;
    if (kind == DDI_LINK_CONFIG && !ddi_may_configure(client, 1)) return;
    if (kind <= reading->rank) return;
    reading->rank = kind;
    reading->has_link =
        is_text(value) && ddi_resolve(client->url, value->text, client->link, sizeof client->link);
    if (kind == DDI_LINK_CONFIG) return;
    client->id[0] = '\0';
    const char *segment;
    const uint32_t length = ddi_last_segment(value->text, &segment);
    // The end of an address that was cut may lack some of the id.
    if (!value->is_cut || segment[length] != '\0') (void)take_id(client, segment, length);
}

static void take_poll(void *context, const thimble_json_value *value) {
    thimble_ddi *client = context;
    switch (value->path) {
    case CONFIG:
    case LINKS: client->reading.is_poll |= value->kind == THIMBLE_JSON_MAP; break;
    case IN(IN(CONFIG, POLLING), SLEEP):
        if (is_text(value)) client->reading.interval = ddi_read_duration(value->text);
        break;
    case POLL_LINK(CANCEL_ACTION): take_link(client, value, DDI_LINK_CANCEL); break;
    case POLL_LINK(CONFIG_DATA): take_link(client, value, DDI_LINK_CONFIG); break;
    case POLL_LINK(DEPLOYMENT_BASE): take_link(client, value, DDI_LINK_ORDER); break;
    }
}

/* ---- a cancellation ---- */

static void take_cancel(void *context, const thimble_json_value *value) {
    thimble_ddi *client = context;
    if (!is_text(value)) return;
    if (value->path == ID && ddi_is_id(value->text)) (void)take_id(client, value->text, value->length);
    if (value->path != IN(CANCEL_ACTION, STOP_ID) || client->reading.has_stop) return;
    client->reading.has_stop = 1;
    client->reading.stop     = ddi_order_of(client, value->text);
}

/* ---- a deployment ---- */

/* The order's own id counts, where it has one; that of the link is enough to answer what can't be read. */
static void take_order_id(thimble_ddi *client, const thimble_json_value *value) {
    thimble_ddi_reading *reading = &client->reading;
    if (!is_text(value) || reading->has_id || !ddi_is_id(value->text)) return;
    if (value->length > THIMBLE_DDI_ID_BYTES) return;
    reading->has_id = 1;
    if (strcmp(client->id, value->text) == 0) return;
    (void)take_id(client, value->text, value->length);
    client->order    = ddi_order_of(client, client->id);
    reading->rereads = reading->chunks > 0;
}

static uint8_t read_mode(thimble_ddi *client, const thimble_json_value *value, const char *expected,
                         const char *const words[3]) {
    if (!is_scalar(value)) return DDI_MODE_NONE;
    if (!value->is_cut && value->kind == THIMBLE_JSON_STRING) {
        if (strcmp(value->text, words[0]) == 0) return DDI_MODE_SKIP;
        if (strcmp(value->text, words[1]) == 0 || strcmp(value->text, words[2]) == 0) return DDI_MODE_DO;
    }
    // Some write null where they mean nothing.
    if (value->kind == THIMBLE_JSON_WORD && strcmp(value->text, "null") == 0) return DDI_MODE_NONE;
    ddi_note(client, 0, expected, value->text);
    return DDI_MODE_NONE;
}

/* The model that a chunk's name stands for; `name` is null where the chunk has none. */
static void find_model(thimble_ddi *client, const char *name) {
    for (uint32_t i = 0; i < client->model_count; i++) {
        const thimble_ddi_model *each = &client->models[i];
        if (each->name != NULL && (name == NULL || strcmp(each->name, name) != 0)) continue;
        client->reading.model     = each->model;
        client->reading.has_model = thimble_store_record(client->store, each->model) != NULL;
        return;
    }
}

static void take_name(thimble_ddi *client, const thimble_json_value *value) {
    if (client->reading.is_named || !is_text(value)) return;
    client->reading.is_named = 1;
    find_model(client, value->text);
    if (!client->reading.has_model)
        ddi_note(client, client->reading.chunks, "the name of a model that this device has", value->text);
}

static void take_hash(thimble_ddi *client, const thimble_json_value *value) {
    thimble_ddi_reading *reading = &client->reading;
    if (reading->has_hash || reading->artifacts > 1 || !is_scalar(value)) return;
    reading->has_hash = is_text(value) && ddi_read_hash(value->text, reading->hash);
    if (!reading->has_hash)
        ddi_note(client, reading->chunks, "a SHA-256 of 64 hexadecimal digits", value->text);
}

static void take_size(thimble_ddi *client, const thimble_json_value *value) {
    thimble_ddi_reading *reading = &client->reading;
    if (reading->has_size || reading->artifacts > 1 || !is_scalar(value)) return;
    reading->has_size = (uint8_t)thimble_json_u32(value, &reading->size);
    if (!reading->has_size)
        ddi_note(client, reading->chunks, "the image's size in bytes, below 2^32", value->text);
}

/*
 * From the server itself, which alone is given the authorization, else from anywhere; over TLS where that is
 * offered, else without: the signature is what counts.
 */
static void take_address(thimble_ddi *client, const thimble_json_value *value, uint8_t rank) {
    thimble_ddi_reading *reading = &client->reading;
    if (is_text(value) && ddi_is_same_origin(client->url, client->target, value->text))
        rank = (uint8_t)(rank + DDI_OWN_ADDRESS);
    if (reading->has_address >= rank || reading->artifacts > 1) return;
    // The link of the first image that is to be downloaded is kept.
    const int is_usable =
        is_text(value) &&
        (reading->open > 0 || ddi_resolve(client->target, value->text, client->link, sizeof client->link));
    if (is_usable) reading->has_address = rank;
}

static void begin_chunk(thimble_ddi_reading *reading) {
    reading->chunks++;
    reading->is_named = reading->has_model = reading->artifacts = 0;
    reading->has_hash = reading->has_size = reading->has_address = 0;
}

/* The state of an image that the device was to have by this order. */
static void judge_image(thimble_ddi *client) {
    thimble_ddi_reading *reading = &client->reading;
    const thimble_record *record = thimble_store_record(client->store, reading->model);
    // Images that the server names alike need not be the same: it may have moved, or come back from a backup.
    const int is_same =
        record->action == client->order && memcmp(record->hash, reading->hash, sizeof record->hash) == 0;
    const int has_failed = record->outcome == THIMBLE_LOST ||
                           (record->outcome == THIMBLE_REFUSED && record->reason != THIMBLE_ERR_CANCELLED);
    if (is_same && has_failed) {
        if (reading->reason == THIMBLE_OK) reading->reason = (thimble_status)record->reason;
    } else if (is_same && (record->state == THIMBLE_READY || record->state == THIMBLE_TRIAL)) {
        reading->waiting++;
        if (record->state == THIMBLE_READY) reading->ready |= 1u << reading->model;
    } else if (!is_same || !thimble_update_is_in_service(client->store, reading->model)) {
        if (reading->open++ > 0) return;
        client->model = reading->model;
        client->offer = (thimble_offer){.size = reading->size, .action = client->order};
        memcpy(client->offer.hash, reading->hash, sizeof client->offer.hash);
    }
}

static void end_chunk(thimble_ddi *client) {
    thimble_ddi_reading *reading = &client->reading;
    const uint32_t chunk         = reading->chunks;
    if (!reading->is_named) find_model(client, NULL);
    if (!reading->has_model)
        ddi_note(client, chunk, "the name of a model that this device has", "none");
    else if ((reading->models >> reading->model & 1) != 0)
        ddi_note(client, chunk, "one chunk for each model", "a second one for this model");
    else if (reading->artifacts != 1)
        ddi_note(client, chunk, "one artifact", reading->artifacts == 0 ? "none" : "more");
    else if (!reading->has_hash)
        ddi_note(client, chunk, "a SHA-256 of 64 hexadecimal digits", "none");
    else if (!reading->has_size)
        ddi_note(client, chunk, "the image's size in bytes, below 2^32", "none");
    else if (!reading->has_address)
        ddi_note(client, chunk, "an address of HTTP that fits into this device's memory", "none");
    if (client->trouble.expected != NULL) return;
    reading->models |= 1u << reading->model;
    judge_image(client);
}

static void take_artifact(thimble_ddi *client, const thimble_json_value *value) {
    uint8_t *count = &client->reading.artifacts;
    if (value->kind == THIMBLE_JSON_MAP && *count < UINT8_MAX) ++*count;
}

static void take_chunk(thimble_ddi *client, const thimble_json_value *value) {
    if (value->kind == THIMBLE_JSON_MAP) begin_chunk(&client->reading);
    if (value->kind == THIMBLE_JSON_MAP_END) end_chunk(client);
}

static void take_deployment(void *context, const thimble_json_value *value) {
    static const char *const modes[]   = {"skip", "forced", "attempt"};
    static const char *const windows[] = {"unavailable", "available", "available"};
    thimble_ddi *client                = context;
    switch (value->path) {
    case ID: take_order_id(client, value); break;
    case IN(DEPLOYMENT, DOWNLOAD):
        client->reading.download = read_mode(client, value, "download skip, attempt or forced", modes);
        break;
    case IN(DEPLOYMENT, UPDATE):
        client->reading.update = read_mode(client, value, "update skip, attempt or forced", modes);
        break;
    case IN(DEPLOYMENT, WINDOW):
        client->reading.window =
            read_mode(client, value, "maintenanceWindow available or unavailable", windows);
        break;
    case CHUNK: take_chunk(client, value); break;
    case IN(CHUNK, NAME): take_name(client, value); break;
    case ARTIFACT: take_artifact(client, value); break;
    case IN(IN(ARTIFACT, HASHES), SHA256): take_hash(client, value); break;
    case IN(ARTIFACT, SIZE): take_size(client, value); break;
    case FILE_LINK(DOWNLOAD): take_address(client, value, DDI_TLS_ADDRESS); break;
    case FILE_LINK(DOWNLOAD_HTTP): take_address(client, value, DDI_HTTP_ADDRESS); break;
    }
}

void ddi_document_begin(thimble_ddi *client) {
    const thimble_ddi_phase phase = client->phase;
    client->reading               = (thimble_ddi_reading){0};
    client->trouble.expected      = NULL;
    client->json                  = (thimble_json){.names      = names,
                                                   .name_count = sizeof names / sizeof *names,
                                                   .context    = client,
                                                   .text       = client->body,
                                                   .room       = sizeof client->body};
    client->json.take             = phase == THIMBLE_DDI_POLL     ? take_poll
                                    : phase == THIMBLE_DDI_CANCEL ? take_cancel
                                                                  : take_deployment;
    thimble_json_begin(&client->json);
}
