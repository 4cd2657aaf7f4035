/*
 * thimble: samples of a stream in, events out.
 *
 * A sensor gives its samples in pieces of its own: half a DMA buffer, what a FIFO holds. A stream keeps what
 * waits for the next inference in a ring that the caller hands in, writes each window into the model where
 * it belongs, and runs it. The model is one whose input is a stream (`thimble build --frontend FILE.json`).
 *
 *     static thimble_stream ears;
 *     static int16_t ring[480 + 512];
 *     status = thimble_stream_open(&ears, model, ring, 480 + 512);
 *     ...
 *     thimble_event event;
 *     status = thimble_feed(&ears, samples, 512, &event);
 *     if (status == THIMBLE_OK) puts(event.label);
 *     while (event.more) status = thimble_feed(&ears, NULL, 0, &event);
 *
 * A call runs one inference at most, and beside it moves the samples that it is given: that bounds how long
 * it takes. Nothing here is linked unless it is called. A stream may be used as its model may: not from two
 * tasks at a time, nor from an interrupt while a task does.
 */
#ifndef THIMBLE_STREAM_H
#define THIMBLE_STREAM_H

#include "thimble.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The class of an event where the model decides nothing. */
#define THIMBLE_NO_CLASS UINT32_MAX

/* The caller's, who leaves it where it is, reads `overruns` and may set `invoke` once it is open. */
typedef struct thimble_stream {
    thimble_model *model;
    int16_t *ring;
    uint32_t capacity;
    uint32_t first, held; /* of the ring: where the oldest sample is, and how many there are */
    uint32_t window, step, channels;
    uint32_t to_skip;  /* samples between two windows, where the hop is longer */
    uint32_t to_lose;  /* of a time whose other channels have been lost */
    uint32_t overruns; /* samples that found no room in the ring, counted up to UINT32_MAX */
    uint64_t passed;   /* samples before the oldest in the ring, lost ones left out */
    /*
     * Runs the model; null: thimble_invoke. A device that takes updates has its service do it, so that an
     * image on trial is confirmed or given up; it opens its streams anew where another model runs.
     */
    thimble_status (*invoke)(void *context);
    void *context;
} thimble_stream;

typedef struct thimble_event {
    uint32_t class_number; /* THIMBLE_NO_CLASS where no output decides, or a module says no event */
    float score;
    const char *label; /* in the module; null where the class has no name */
    uint64_t end;      /* samples of a channel from the start of the stream to the end of the window */
    int more;          /* 1: enough samples wait for another inference */
} thimble_event;

/*
 * Begins a stream of an open model, whose state stays as it is. `ring` has room for `capacity` samples, at
 * least those of a window: then pieces of at most a hop lose nothing, and pieces of N samples with
 * N samples more while the caller goes on as long as `more` says. ERR_ARGUMENT where something is null or the
 * model has another input than one stream, ERR_RAM where the ring is too small, ERR_CLOSED, ERR_DESCRIPTOR.
 */
THIMBLE_CHECK_RESULT
thimble_status thimble_stream_open(thimble_stream *stream, thimble_model *model, int16_t *ring,
                                   size_t capacity);

/*
 * Takes `count` samples, channels in turns, and runs at most one inference. A sample counts as the real value
 * that it is, as in thimble_write. THIMBLE_OK where outputs are new: then `event` says what was decided.
 * THIMBLE_TAKEN where not; `more` holds in any case. Samples that find no room are left out and counted, all
 * channels of a time together. What thimble_invoke returns where it fails: the window has been used up, and
 * the stream goes on. `samples` may be null where `count` is 0, `event` may not.
 */
THIMBLE_CHECK_RESULT
thimble_status thimble_feed(thimble_stream *stream, const int16_t *samples, size_t count,
                            thimble_event *event);

/* Forgets the samples that wait, and all that the model remembers (thimble_reset); not the overruns. */
THIMBLE_CHECK_RESULT
thimble_status thimble_stream_reset(thimble_stream *stream);

#ifdef __cplusplus
}
#endif

#endif
