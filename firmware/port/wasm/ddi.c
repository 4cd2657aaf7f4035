/* The update client of a simulated device: the host makes the requests, and hands over what comes back. */
#include <stdint.h>

#include "device.h"
#include "thimble_ddi.h"

static thimble_ddi client;
static thimble_ddi_request request;
static thimble_ddi_model models[THIMBLE_MODELS];

/* Fields that the host reads of a request: host/fleet/simulator/ddi.ts. */
_Static_assert(offsetof(thimble_ddi_request, body) == 12, "thimble_ddi_request.body");
_Static_assert(offsetof(thimble_ddi_request, range_start) == 20, "thimble_ddi_request.range_start");

/* Texts end with a zero byte and must stay where they are; null for none. */
EXPORT("ddi_open")
void wasm_ddi_open(const char *url, const char *authorization, const char *attributes, uint32_t seed) {
    client = (thimble_ddi){.store         = wasm_store(),
                           .url           = url,
                           .authorization = authorization,
                           .attributes    = attributes,
                           .models        = models,
                           .seed          = seed};
}

/* Other attributes from now on: a text as above. */
EXPORT("ddi_attributes") void wasm_ddi_attributes(const char *attributes) { client.attributes = attributes; }

/* The name by which the server calls a model; null: any. */
EXPORT("ddi_model") void wasm_ddi_model(const char *name, uint32_t model) {
    if (client.model_count < THIMBLE_MODELS)
        models[client.model_count++] = (thimble_ddi_model){name, model, wasm_service(model)};
}

/* Seconds to wait; or 0, and a thimble_ddi_request is at ddi_request. */
EXPORT("ddi_next") uint32_t wasm_ddi_next(uint32_t now) { return thimble_ddi_next(&client, now, &request); }

/* Bytes of the longest URL, and of the longest attributes. */
EXPORT("ddi_url_bytes") uint32_t wasm_ddi_url_bytes(void) {
    return THIMBLE_DDI_URL_BYTES - THIMBLE_DDI_URL_MARGIN;
}

EXPORT("ddi_attributes_bytes") uint32_t wasm_ddi_attributes_bytes(void) {
    return THIMBLE_DDI_BODY_BYTES - THIMBLE_DDI_BODY_MARGIN;
}

EXPORT("ddi_request") const thimble_ddi_request *wasm_ddi_request(void) { return &request; }

EXPORT("ddi_head")
int32_t wasm_ddi_head(uint32_t status, uint32_t range_start, uint32_t retry_after) {
    const thimble_ddi_head head = {status, range_start, retry_after};
    return thimble_ddi_head_is(&client, &head);
}

EXPORT("ddi_body") int32_t wasm_ddi_body(const uint8_t *data, uint32_t bytes) {
    return thimble_ddi_body_is(&client, data, bytes);
}

EXPORT("ddi_end") void wasm_ddi_end(uint32_t now, int32_t whole) { thimble_ddi_end(&client, now, whole); }
