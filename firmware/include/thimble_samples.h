/*
 * thimble: a few inputs that are worth a look by a person (SPEC.md, section 8.6): inferences that the model
 * was unsure of, values outside what it was calibrated with, and some by chance.
 *
 * A device keeps them only where its application says so, in RAM, as many as it gives room for, and gives
 * them only when it is asked. Inputs may be private: `redact` sees every one before it is kept. Nothing is
 * allocated, and nothing of this is linked unless it is used. The functions may be called as those of
 * thimble.h may: not for one model from two tasks at a time.
 */
#ifndef THIMBLE_SAMPLES_H
#define THIMBLE_SAMPLES_H

#include "thimble_monitor.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THIMBLE_SAMPLE_HEAD    56 /* bytes of a sample in front of its values */
#define THIMBLE_SAMPLES_INPUTS 4  /* most inputs of a model whose samples are kept */

/* RAM for so many samples of so many float32 values each, all inputs together. */
#define THIMBLE_SAMPLES_BYTES(samples, values) (((samples) + 1) * (THIMBLE_SAMPLE_HEAD + 4 * (values)))

enum thimble_sample_kind {
    THIMBLE_SAMPLE_RANDOM    = 0,
    THIMBLE_SAMPLE_UNCERTAIN = 1, /* two classes were close to each other, or the threshold was */
    THIMBLE_SAMPLE_OUTLYING  = 2, /* values that calibration never had */
};

/* One model's. The caller fills in the first part and zeroes the rest; it must stay where it is. */
typedef struct thimble_samples {
    uint8_t *ram; /* THIMBLE_SAMPLES_BYTES, aligned to 4; fewer samples where a model has more values */
    uint32_t ram_bytes;
    /* The model's monitor, which is called too; without one, or without bins, samples are random ones. */
    thimble_monitor *monitor;
    uint32_t every; /* one of so many inferences is looked at; 0: each */
    uint32_t seed;  /* of what is left to chance: another one on each device */
    /*
     * Changes a copy of an input's values before it is kept, where there is something to hide. Where it
     * gives 0 this inference is not kept. May be null.
     */
    int (*redact)(void *context, uint32_t input, float *values, uint32_t count);
    void *redact_context;

    /* The core's own. */
    const void *next; /* who observed the model before, and is told too */
    void *next_context;
    uint32_t values, slots; /* of a sample; samples that there is room for */
    uint32_t offsets[THIMBLE_SAMPLES_INPUTS + 1];
    uint32_t wait, pending, outside, seen, number, state, turn;
    uint8_t hash[32];
} thimble_samples;

/*
 * Watches a model that has just been opened, and has its monitor do so: `opened` of its service, with the
 * samples as context, in place of thimble_monitor_follow. Keeps nothing of a model without descriptor.
 */
void thimble_samples_follow(void *samples, thimble_model *model);

/*
 * A sample that is kept, as SPEC.md has it; null where there is none. Valid until the next inference, and
 * the next call with these samples.
 */
const uint8_t *thimble_samples_first(thimble_samples *samples, uint32_t *bytes);

/* Drops the sample that thimble_samples_first gave: somebody has it. */
void thimble_samples_drop(thimble_samples *samples, const uint8_t *sample);

/* Drops all, as where the owner of the data takes his word back. */
void thimble_samples_clear(thimble_samples *samples);

#ifdef __cplusplus
}
#endif

#endif
