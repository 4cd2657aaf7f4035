/* The request's vectors as pieces of a stream, with REQUEST_FEED. */
#include <string.h>

#include "board.h"
#include "request.h"

#ifdef REQUEST_VALUES
#include "thimble_stream.h"

/* Half a second of 16 kHz in the ring, and a piece of a second. */
enum { RING_MOST = 8192, PIECE_MOST = 16384 };

static void report_event(const thimble_event *event) {
    uint32_t bits;
    memcpy(&bits, &event->score, sizeof bits);
    report_number("end", (uint32_t)event->end);
    if (event->class_number == THIMBLE_NO_CLASS) return;
    report_number("class", event->class_number);
    report_number("score", bits);
    report_text("label", event->label != NULL ? event->label : "");
}

/* A piece, and all inferences that it allows. */
static thimble_status feed_piece(thimble_stream *stream, const int16_t *samples, size_t count,
                                 void (*report)(thimble_model *model)) {
    thimble_event event = {.more = 1};
    thimble_status status;
    do {
        const uint64_t start = board_instructions();
        status               = thimble_feed(stream, samples, count, &event);
        report_number("invoke_instructions", board_instructions() - start);
        if (status == THIMBLE_OK) {
            report(stream->model);
            report_event(&event);
        }
        count = 0;
    } while (status >= THIMBLE_OK && event.more);
    return status;
}

thimble_status feed_vectors(request *request, thimble_model *model, void (*report)(thimble_model *model)) {
    static int16_t ring[RING_MOST], samples[PIECE_MOST];
    static thimble_stream stream;
    uint32_t inputs, bytes;
    thimble_status status = thimble_stream_open(&stream, model, ring, RING_MOST);
    report_number("invoke_above", board_stack_used());
    board_stack_paint();
    for (uint32_t i = 0; i < request->header.vector_count && status >= THIMBLE_OK; i++) {
        if (!request_read_u32(request, &inputs) || inputs != 1 || !request_read_u32(request, &bytes))
            return THIMBLE_ERR_ARGUMENT;
        if (bytes > sizeof samples || !request_read(request, samples, bytes)) return THIMBLE_ERR_ARGUMENT;
        status = feed_piece(&stream, samples, bytes / sizeof *samples, report);
    }
    report_number("overruns", stream.overruns);
    report_number("invoke_stack", board_stack_peak());
    report_number("ram_used", thimble_stats(model)->ram_used);
    return status == THIMBLE_TAKEN ? THIMBLE_OK : status;
}
#endif
