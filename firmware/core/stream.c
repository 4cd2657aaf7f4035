/* Samples in pieces of any length to the windows of a model (thimble_stream.h). */
#include "thimble_stream.h"

#include <string.h>

#include "samples.h"

static uint32_t least(uint32_t a, size_t b) { return b < a ? (uint32_t)b : a; }

thimble_status thimble_stream_open(thimble_stream *stream, thimble_model *model, int16_t *ring,
                                   size_t capacity) {
    if (stream == NULL || ring == NULL) return THIMBLE_ERR_ARGUMENT;
    thimble_description input;
    size_t bytes;
    const thimble_status status = thimble_describe_input(model, 0, &input);
    if (status != THIMBLE_OK) return status;
    const uint64_t step = input.hop == 0 ? input.elements : (uint64_t)input.hop * input.channels;
    if (input.sample_rate == 0 || input.elements % input.channels != 0) return THIMBLE_ERR_ARGUMENT;
    if (thimble_input(model, 1, &bytes) != NULL || step > UINT32_MAX) return THIMBLE_ERR_ARGUMENT;
    if (capacity < input.elements) return THIMBLE_ERR_RAM;
    *stream = (thimble_stream){.model    = model,
                               .ring     = ring,
                               .capacity = least(INT32_MAX, capacity),
                               .window   = input.elements,
                               .step     = (uint32_t)step,
                               .channels = input.channels};
    return THIMBLE_OK;
}

static void keep(thimble_stream *stream, const int16_t *samples, uint32_t count) {
    const uint32_t at     = (stream->first + stream->held) % stream->capacity;
    const uint32_t to_end = least(stream->capacity - at, count);
    memcpy(stream->ring + at, samples, to_end * sizeof *samples);
    memcpy(stream->ring, samples + to_end, (count - to_end) * sizeof *samples);
    stream->held += count;
}

/* Leaves out samples, of which one time's channels may be split over two calls. */
static void lose(thimble_stream *stream, size_t count) {
    stream->overruns += least(UINT32_MAX - stream->overruns, count);
}

/* Samples that the ring may hold: it ends with the last channel of a time. */
static uint32_t most_held(const thimble_stream *stream) {
    return stream->capacity - (uint32_t)((stream->passed + stream->capacity) % stream->channels);
}

/* Takes as many samples as there is room for: how many. */
static size_t take(thimble_stream *stream, const int16_t *samples, size_t count) {
    const uint32_t lost = least(stream->to_lose, count);
    stream->to_lose -= lost;
    lose(stream, lost);
    const uint32_t skipped = least(stream->to_skip, count - lost);
    stream->to_skip -= skipped;
    stream->passed += skipped;
    const size_t before = (size_t)lost + skipped;
    const uint32_t kept = least(most_held(stream) - stream->held, count - before);
    if (kept > 0) keep(stream, samples + before, kept);
    return before + kept;
}

static void drop_oldest(thimble_stream *stream, uint32_t count) {
    const uint32_t dropped = least(stream->held, count);
    stream->first          = (stream->first + dropped) % stream->capacity;
    stream->held -= dropped;
    stream->passed += dropped;
    stream->to_skip = count - dropped;
}

static void decide(thimble_model *model, thimble_event *event) {
    if (thimble_decide(model, &event->class_number, &event->score) != THIMBLE_OK) {
        event->class_number = THIMBLE_NO_CLASS;
        return;
    }
    event->label = thimble_label(model, event->class_number);
    /* A module that says events has an empty name for none. */
    if (event->label == NULL || *event->label != '\0') return;
    event->class_number = THIMBLE_NO_CLASS;
    event->label        = NULL;
}

static thimble_status run(thimble_stream *stream, thimble_event *event) {
    const uint32_t to_end         = least(stream->capacity - stream->first, stream->window);
    const thimble_samples samples = {stream->ring + stream->first, to_end, stream->ring};
    event->end                    = (stream->passed + stream->window) / stream->channels;
    thimble_status status         = thimble_samples_write(stream->model, &samples, stream->window);
    drop_oldest(stream, stream->step);
    if (status != THIMBLE_OK) return status;
    status = stream->invoke != NULL ? stream->invoke(stream->context) : thimble_invoke(stream->model);
    if (status == THIMBLE_OK) decide(stream->model, event);
    return status;
}

thimble_status thimble_feed(thimble_stream *stream, const int16_t *samples, size_t count,
                            thimble_event *event) {
    if (event == NULL) return THIMBLE_ERR_ARGUMENT;
    *event = (thimble_event){.class_number = THIMBLE_NO_CLASS};
    if (stream == NULL || (samples == NULL && count > 0)) return THIMBLE_ERR_ARGUMENT;
    if (thimble_describe(stream->model) == NULL) return THIMBLE_ERR_CLOSED;
    thimble_status status = THIMBLE_TAKEN;
    size_t taken          = count > 0 ? take(stream, samples, count) : 0;
    if (stream->held >= stream->window) status = run(stream, event);
    if (taken < count) taken += take(stream, samples + taken, count - taken);
    const uint32_t rest = (uint32_t)((count - taken) % stream->channels);
    lose(stream, count - taken);
    if (rest > 0) stream->to_lose = stream->channels - rest;
    event->more = stream->held >= stream->window;
    return status;
}

thimble_status thimble_stream_reset(thimble_stream *stream) {
    if (stream == NULL) return THIMBLE_ERR_ARGUMENT;
    const thimble_status status = thimble_reset(stream->model);
    if (status != THIMBLE_OK) return status;
    stream->first = stream->held = stream->to_skip = stream->to_lose = 0;
    stream->passed                                                   = 0;
    return THIMBLE_OK;
}
