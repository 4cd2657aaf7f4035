/* Streams of a simulated device's models, whose inferences its services run. */
#include <stdint.h>

#include "device.h"
#include "thimble_stream.h"
#include "thimble_update.h"

static thimble_stream streams[THIMBLE_MODELS];
static thimble_event event;

static thimble_status serve(void *service) { return thimble_service_invoke(service); }

/* Begins the stream of the model that runs; the ring has room for so many samples. */
EXPORT("stream_open") int32_t wasm_stream_open(uint32_t model, int16_t *ring, uint32_t capacity) {
    thimble_service *service    = wasm_service(model);
    const thimble_status status = thimble_stream_open(&streams[model], service->model, ring, capacity);
    streams[model].invoke       = serve;
    streams[model].context      = service;
    return status;
}

EXPORT("stream_feed") int32_t wasm_stream_feed(uint32_t model, const int16_t *samples, uint32_t count) {
    return thimble_feed(&streams[model], samples, count, &event);
}

/* Whether what has been fed is enough for another inference. */
EXPORT("stream_more") int32_t wasm_stream_more(void) { return event.more; }

EXPORT("stream_overruns") uint32_t wasm_stream_overruns(uint32_t model) { return streams[model].overruns; }
