/*
 * Commands of scenario.c about samples of a stream (thimble_stream.h):
 *
 *     stream M SAMPLES     opens the stream of model M with room for so many samples, allocated to the byte
 *     feed M [HEX]         int16 samples as they lie in memory; then class, score, label or "-", end of the
 *                          window, whether more waits, samples lost in all, and the outputs if they are new
 *     forget M             thimble_stream_reset
 *     reset M              thimble_reset
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port.h"
#include "thimble_stream.h"

enum { STREAMS = 8 };
static thimble_stream streams[STREAMS];
static int16_t *rings[STREAMS];

static void open_stream(thimble_model *model, const posix_words *words) {
    const uint32_t slot = words->number(1) % STREAMS, capacity = words->number(2);
    free(rings[slot]);
    rings[slot] = malloc(capacity * sizeof(int16_t) + 1);
    if (rings[slot] == NULL) abort();
    printf("%d\n", thimble_stream_open(&streams[slot], model, rings[slot], capacity));
}

static void print_outputs(thimble_model *model) {
    size_t bytes;
    const uint8_t *output;
    putchar(' ');
    for (uint32_t i = 0; (output = thimble_output(model, i, &bytes)) != NULL; i++)
        for (size_t at = 0; at < bytes; at++) printf("%02x", output[at]);
}

static void feed(thimble_model *model, const posix_words *words) {
    thimble_stream *stream = &streams[words->number(1) % STREAMS];
    const size_t count     = strlen(words->at(2)) / 4;
    int16_t *samples       = malloc(count * sizeof *samples + 1);
    if (samples == NULL) abort();
    (void)posix_hex(words->at(2), (uint8_t *)samples, count * sizeof *samples);
    thimble_event event;
    const thimble_status status = thimble_feed(stream, count > 0 ? samples : NULL, count, &event);
    free(samples);
    printf("%d %" PRIu32 " %g %s %" PRIu64 " %d %" PRIu32, status, event.class_number, (double)event.score,
           event.label != NULL ? event.label : "-", event.end, event.more, stream->overruns);
    if (status == THIMBLE_OK) print_outputs(model);
    putchar('\n');
}

static void forget(thimble_model *model, const posix_words *words) {
    (void)model;
    printf("%d\n", thimble_stream_reset(&streams[words->number(1) % STREAMS]));
}

static void reset(thimble_model *model, const posix_words *words) {
    (void)words;
    printf("%d\n", thimble_reset(model));
}

int posix_stream(thimble_model *model, const posix_words *words) {
    static const struct {
        const char *name;
        void (*run)(thimble_model *model, const posix_words *words);
    } commands[] = {{"stream", open_stream}, {"feed", feed}, {"forget", forget}, {"reset", reset}};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(words->at(0), commands[i].name) != 0) continue;
        commands[i].run(model, words);
        return 1;
    }
    return 0;
}
