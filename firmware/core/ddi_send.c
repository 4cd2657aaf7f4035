#include <string.h>

#include "ddi.h"
#include "ddi_text.h"

/* ---- attributes ---- */

/* The image that a model runs; null where none does, or nobody said how to find out. */
static const thimble_image *image_of(const thimble_ddi_model *model) {
    return model->service == NULL ? NULL : thimble_describe(model->service->model);
}

static void put_version(ddi_writer *out, const thimble_image *image) {
    ddi_put_u32(out, image->version[0]);
    ddi_put(out, ".");
    ddi_put_u32(out, image->version[1]);
    ddi_put(out, ".");
    ddi_put_u32(out, image->revision);
    if (image->build == 0) return;
    ddi_put(out, "+");
    ddi_put_u32(out, image->build);
}

/* FNV-1a of all that the server would be told; 0 where there is nothing. */
static uint32_t attributes_hash(const thimble_ddi *client) {
    uint32_t hash = client->attributes == NULL ? 0 : ddi_fnv(DDI_FNV, client->attributes);
    for (uint32_t i = 0; i < client->model_count; i++) {
        const thimble_image *image = image_of(&client->models[i]);
        if (image == NULL) continue;
        char version[32];
        ddi_writer out = ddi_write_to(version, sizeof version);
        put_version(&out, image);
        hash = ddi_fnv(ddi_fnv(hash == 0 ? DDI_FNV : hash, image->id), version);
    }
    return hash;
}

int ddi_may_configure(const thimble_ddi *client, int is_asked) {
    if (ddi_is_held(client, DDI_CHAIN_CONFIG)) return 0;
    // A model on trial is not yet the device's: it is told with its outcome.
    for (uint32_t model = 0; model < client->store->model_count; model++)
        if (client->store->records[model].state == THIMBLE_TRIAL) return 0;
    const uint32_t hash = attributes_hash(client);
    // hawkBit asks a device that has nothing to say too, and refuses an empty answer.
    return hash != 0 && (is_asked || hash != client->told);
}

/* The members of the caller's map. */
static void put_attributes(thimble_ddi *client, ddi_writer *out) {
    const char *first = strchr(client->attributes, '{'), *last = strrchr(client->attributes, '}');
    if (first == NULL || last == NULL) return;
    const ddi_writer before = *out;
    for (first++; first < last && strchr(" \t\r\n", *first) != NULL; first++) continue;
    for (; first < last && out->fits; first++) ddi_put(out, (const char[]){*first, '\0'});
    if (out->fits) return;
    *out                     = before;
    *out->at                 = '\0';
    const thimble_port *port = client->store->device->port;
    if (port->log != NULL) port->log(port->context, "ddi: the attributes do not fit into what is sent");
}

/* "version.<id>":"<version>" of the models from `config_from` on, as many as fit. */
static void put_versions(thimble_ddi *client, ddi_writer *out, int is_first) {
    for (; client->config_to < client->model_count; client->config_to++) {
        const thimble_image *image = image_of(&client->models[client->config_to]);
        if (image == NULL) continue;
        const ddi_writer before = *out;
        ddi_put(out, is_first ? "\"version." : ",\"version.");
        ddi_put_json(out, image->id);
        ddi_put(out, "\":\"");
        put_version(out, image);
        ddi_put(out, "\"");
        if (out->fits) {
            is_first = 0;
            continue;
        }
        *out     = before;
        *out->at = '\0';
        // One that does not fit alone never will.
        if (!is_first) return;
    }
}

static void write_config(thimble_ddi *client) {
    static const char end[] = "}}";
    ddi_writer out          = ddi_write_to(client->body, sizeof client->body - sizeof end);
    ddi_put(&out, "{\"mode\":\"merge\",\"data\":{");
    const char *empty = out.at;
    if (client->config_part == 0) {
        client->config_hash = attributes_hash(client);
        client->config_from = 0;
        if (client->attributes != NULL) put_attributes(client, &out);
    }
    client->config_to = client->config_from;
    put_versions(client, &out, out.at == empty);
    out.end += sizeof end;
    ddi_put(&out, end);
}

/* ---- feedback ---- */

typedef struct feedback {
    const char *execution, *finished, *detail;
} feedback;

static feedback progress_of(const thimble_ddi *client) {
    switch (client->said) {
    case DDI_SAID_SCHEDULED:
        return (feedback){"scheduled", "none", "waits until the server allows the download"};
    case DDI_SAID_DOWNLOAD: return (feedback){"download", "none", "the download begins"};
    case DDI_SAID_STALLED: return (feedback){"proceeding", "none", "the download is tried again"};
    default:
        return (feedback){"downloaded", "none",
                          client->is_held ? "verified, waits until the server allows the update"
                                          : "verified, waits for its trial"};
    }
}

static feedback feedback_of(const thimble_ddi *client) {
    if (client->phase == THIMBLE_DDI_PROGRESS) return progress_of(client);
    if (client->phase == THIMBLE_DDI_CANCEL_FEEDBACK) {
        if (client->is_cancelled) return (feedback){"closed", "success", "cancelled"};
        return (feedback){"rejected", "failure", "the model is in service already"};
    }
    if (client->refusal == THIMBLE_OK) return (feedback){"closed", "success", "confirmed"};
    return (feedback){"closed", "failure", thimble_status_text(client->refusal)};
}

static void put_detail(const thimble_ddi *client, ddi_writer *out, const char *detail) {
    const thimble_ddi_trouble *trouble = &client->trouble;
    const int has_trouble = client->phase != THIMBLE_DDI_PROGRESS || client->said == DDI_SAID_STALLED;
    if (!has_trouble || trouble->expected == NULL) {
        ddi_put_json(out, detail);
        return;
    }
    if (trouble->chunk > 0) {
        ddi_put(out, "chunk ");
        ddi_put_u32(out, trouble->chunk);
        ddi_put(out, ": ");
    }
    ddi_put(out, "expected ");
    ddi_put_json(out, trouble->expected);
    ddi_put(out, ", found ");
    ddi_put_json(out, trouble->found);
}

static void write_feedback(thimble_ddi *client) {
    const feedback said = feedback_of(client);
    ddi_writer out      = ddi_write_to(client->body, sizeof client->body);
    ddi_put(&out, "{\"id\":\"");
    ddi_put(&out, client->id);
    ddi_put(&out, "\",\"status\":{\"execution\":\"");
    ddi_put(&out, said.execution);
    ddi_put(&out, "\",\"result\":{\"finished\":\"");
    ddi_put(&out, said.finished);
    ddi_put(&out, "\"");
    if (client->phase == THIMBLE_DDI_PROGRESS && client->said == DDI_SAID_DOWNLOAD) {
        const thimble_record *record = thimble_store_record(client->store, client->model);
        ddi_put(&out, ",\"progress\":{\"cnt\":");
        ddi_put_u32(&out, record->offset);
        ddi_put(&out, ",\"of\":");
        ddi_put_u32(&out, record->size);
        ddi_put(&out, "}");
    }
    ddi_put(&out, "},\"details\":[\"");
    put_detail(client, &out, said.detail);
    ddi_put(&out, "\"]}}");
}

void ddi_write_request(thimble_ddi *client) {
    if (client->phase == THIMBLE_DDI_CONFIG) {
        write_config(client);
        return;
    }
    const int is_cancel = client->phase == THIMBLE_DDI_CANCEL_FEEDBACK;
    ddi_writer out      = ddi_write_to(client->target, sizeof client->target);
    ddi_put(&out, client->url);
    ddi_put(&out, is_cancel ? "/cancelAction/" : "/deploymentBase/");
    ddi_put(&out, client->id);
    ddi_put(&out, "/feedback");
    write_feedback(client);
}
