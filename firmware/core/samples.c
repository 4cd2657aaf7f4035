/* Keeps inputs that are worth a look, in slots of RAM that lie as they are sent: SPEC.md, section 8.6. */
#include "thimble_samples.h"

#include <string.h>

#include "bytes.h"
#include "crc32.h"
#include "descriptor.h"
#include "model.h"
#include "monitor.h"
#include "thimble_values.h"

enum {
    SAMPLE_VERSION = 0, /* offsets of a sample; version 0: the slot is empty */
    SAMPLE_KIND    = 1,
    SAMPLE_CLASS   = 2,
    SAMPLE_CRC     = 4,
    SAMPLE_NUMBER  = 8,
    SAMPLE_TIME    = 12,
    SAMPLE_RANK    = 16,
    SAMPLE_VALUES  = 20,
    SAMPLE_HASH    = 24,
    VERSION        = 1,
    NO_CLASS       = 0xffff,
    REFUSED        = 1 << 30, /* of `pending`, whose other bits are the inputs that were written */
};

/* Findings of an inference. */
typedef struct finding {
    uint32_t class_number;
    int32_t margin; /* raw: to the second class, or the threshold; INT32_MAX where nothing decides */
} finding;

static uint32_t slot_bytes(const thimble_samples *samples) {
    return THIMBLE_SAMPLE_HEAD + 4 * samples->values;
}

static uint8_t *slot_at(const thimble_samples *samples, uint32_t slot) {
    return samples->ram + slot_bytes(samples) * slot;
}

/* The slot behind all others takes the inference under way. */
static uint8_t *draft(const thimble_samples *samples) { return slot_at(samples, samples->slots); }

/* Xorshift of 32 bits, which never is 0. */
static uint32_t chance(thimble_samples *samples) {
    uint32_t x = samples->state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return samples->state = x;
}

static const thimble_monitor_bins *bins_of(const thimble_samples *samples) {
    return samples->monitor != NULL && samples->monitor->bins.channels > 0 ? &samples->monitor->bins : NULL;
}

/* ---- what is worth a look ---- */

static uint32_t count_outside(const thimble_samples *samples, uint32_t input, const uint8_t *values,
                              uint32_t count) {
    const thimble_monitor_bins *bins = bins_of(samples);
    if (bins == NULL || input >= bins->input_count) return 0;
    uint32_t channel = 0, outside = 0;
    for (uint32_t i = 0; i < input; i++) channel += thimble_get_u16(bins->inputs + 2 * i);
    const uint32_t width = thimble_get_u16(bins->inputs + 2 * input);
    for (uint32_t i = 0; width > 0 && i < count; i++) {
        const uint8_t *edges = bins->edges + EDGES_BYTES * (channel + i % width);
        const uint32_t bits  = thimble_get_u32(values + 4 * i);
        const int32_t key    = thimble_key_of(bits);
        if (thimble_is_nan(bits) || key < (int32_t)thimble_get_u32(edges) ||
            key > (int32_t)thimble_get_u32(edges + 4 * (EDGES - 1)))
            outside++;
    }
    return outside;
}

static int32_t distance(int32_t a, int32_t b) {
    const int64_t apart = a > b ? (int64_t)a - b : (int64_t)b - a;
    return apart < INT32_MAX ? (int32_t)apart : INT32_MAX;
}

/* The greatest of several raw values, and how far the second one is behind. */
static void judge_greatest(const uint8_t *raw, const thimble_monitor_bins *bins, finding *found) {
    int32_t best = thimble_raw_at(raw, bins->type, 0), second = INT32_MIN;
    found->class_number = 0;
    for (uint32_t i = 1; i < bins->elements; i++) {
        const int32_t value = thimble_raw_at(raw, bins->type, i);
        if (value > best) {
            second              = best;
            best                = value;
            found->class_number = i;
        } else if (value > second) {
            second = value;
        }
    }
    found->margin = distance(best, second);
}

static void judge_result(const thimble_samples *samples, thimble_model *model, finding *found) {
    const thimble_monitor_bins *bins = bins_of(samples);
    if (bins == NULL) return;
    const uint8_t *raw = thimble_output(model, bins->output, NULL);
    if (bins->decision == DECISION_GREATEST) judge_greatest(raw, bins, found);
    if (bins->decision != DECISION_SECOND && bins->decision != DECISION_ABOVE) return;
    const int32_t value = thimble_raw_at(raw, bins->type, bins->decision == DECISION_SECOND);
    found->class_number = value >= bins->limit;
    found->margin       = distance(value, bins->limit);
}

/* ---- which slot ---- */

static int is_empty(const uint8_t *slot) { return slot[SAMPLE_VERSION] == 0; }

/* An empty slot of these, or that of the least rank below `rank`; null where there is none. */
static uint8_t *place_above(const thimble_samples *samples, uint32_t from, uint32_t count, int32_t rank) {
    uint8_t *place = NULL;
    int32_t least  = rank;
    for (uint32_t i = from; i < from + count; i++) {
        uint8_t *slot = slot_at(samples, i);
        if (is_empty(slot)) return slot;
        const int32_t held = (int32_t)thimble_get_u32(slot + SAMPLE_RANK);
        if (held >= least) continue;
        place = slot;
        least = held;
    }
    return place;
}

/* Every inference since the slots were emptied has the same chance to be among them. */
static uint8_t *place_by_chance(thimble_samples *samples, uint32_t from, uint32_t count) {
    samples->seen++;
    for (uint32_t i = from; i < from + count; i++)
        if (is_empty(slot_at(samples, i))) return slot_at(samples, i);
    const uint32_t drawn = chance(samples) % samples->seen;
    return drawn < count ? slot_at(samples, from + drawn) : NULL;
}

static void keep(thimble_samples *samples, uint8_t *slot, uint8_t kind, const finding *found, int32_t rank) {
    const uint32_t bytes        = slot_bytes(samples);
    uint8_t *sample             = draft(samples);
    const uint32_t class_number = found->class_number < NO_CLASS ? found->class_number : (uint32_t)NO_CLASS;
    sample[SAMPLE_VERSION]      = VERSION;
    sample[SAMPLE_KIND]         = kind;
    thimble_put_u16(sample + SAMPLE_CLASS, (uint16_t)class_number);
    thimble_put_u32(sample + SAMPLE_NUMBER, ++samples->number);
    thimble_put_u32(sample + SAMPLE_TIME, samples->monitor != NULL ? samples->monitor->time : 0);
    thimble_put_u32(sample + SAMPLE_RANK, (uint32_t)rank);
    thimble_put_u32(sample + SAMPLE_VALUES, samples->values);
    memcpy(sample + SAMPLE_HASH, samples->hash, sizeof samples->hash);
    const uint32_t crc = thimble_crc32(0, sample, SAMPLE_CRC);
    thimble_put_u32(sample + SAMPLE_CRC, thimble_crc32(crc, sample + SAMPLE_NUMBER, bytes - SAMPLE_NUMBER));
    memcpy(slot, sample, bytes);
}

/* A third of the slots is for those that are outlying, one for uncertain ones, and the rest for chance. */
static void consider(thimble_samples *samples, thimble_model *model) {
    finding found        = {.class_number = NO_CLASS, .margin = INT32_MAX};
    const uint32_t third = samples->slots / 3;
    judge_result(samples, model, &found);
    uint8_t *slot = place_by_chance(samples, 2 * third, samples->slots - 2 * third);
    if (slot != NULL) {
        keep(samples, slot, THIMBLE_SAMPLE_RANDOM, &found, 0);
        return;
    }
    const int32_t outside = (int32_t)samples->outside;
    slot                  = outside > 0 ? place_above(samples, 0, third, outside) : NULL;
    if (slot != NULL) {
        keep(samples, slot, THIMBLE_SAMPLE_OUTLYING, &found, outside);
        return;
    }
    /* The rank is greater where the margin is less. */
    const int32_t rank = INT32_MAX - found.margin;
    slot               = rank > 0 ? place_above(samples, third, third, rank) : NULL;
    if (slot != NULL) keep(samples, slot, THIMBLE_SAMPLE_UNCERTAIN, &found, rank);
}

/* ---- what happens to the model ---- */

static void written(void *context, uint32_t input, const float *values, uint32_t count) {
    thimble_samples *samples     = context;
    const thimble_observer *next = samples->next;
    if (next != NULL) next->written(samples->next_context, input, values, count);
    if (samples->wait > 0 || samples->slots == 0 || input >= THIMBLE_SAMPLES_INPUTS) return;
    const uint32_t at = samples->offsets[input];
    if (count != samples->offsets[input + 1] - at || at + count > samples->values) return;
    uint8_t *copy = draft(samples) + THIMBLE_SAMPLE_HEAD + 4 * at;
    memcpy(copy, values, 4 * (size_t)count);
    samples->pending |= 1u << input;
    samples->outside += count_outside(samples, input, copy, count);
    if (samples->redact == NULL) return;
    /* The RAM of the samples is aligned, and so are all parts of a slot. */
    if (!samples->redact(samples->redact_context, input, (float *)(void *)copy, count))
        samples->pending |= REFUSED;
}

static uint32_t inputs_of(const thimble_samples *samples) {
    uint32_t inputs = 0;
    for (uint32_t i = 0; i < THIMBLE_SAMPLES_INPUTS; i++)
        if (samples->offsets[i + 1] > samples->offsets[i]) inputs |= 1u << i;
    return inputs;
}

static void invoked(void *context, thimble_model *model, thimble_status status, uint32_t ticks) {
    thimble_samples *samples     = context;
    const thimble_observer *next = samples->next;
    if (next != NULL) next->invoked(samples->next_context, model, status, ticks);
    if (status == THIMBLE_TAKEN) return;
    if (samples->wait > 0) {
        samples->wait--;
        return;
    }
    if (status == THIMBLE_OK && samples->slots > 0 && samples->pending == inputs_of(samples))
        consider(samples, model);
    samples->pending = 0;
    samples->outside = 0;
    samples->wait    = samples->every > 1 ? samples->every - 1 : 0;
}

/* Numbers of values of the inputs; 0 where there are more inputs than are kept, or no descriptor. */
static uint32_t measure(thimble_samples *samples, thimble_model *model) {
    uint32_t count = 0, values = 0;
    memset(samples->offsets, 0, sizeof samples->offsets);
    for (; thimble_input(model, count, NULL) != NULL; count++) {
        thimble_description described;
        if (count == THIMBLE_SAMPLES_INPUTS) return 0;
        if (thimble_describe_input(model, count, &described) != THIMBLE_OK) return 0;
        values += described.elements;
        samples->offsets[count + 1] = values;
    }
    for (uint32_t i = count; i < THIMBLE_SAMPLES_INPUTS; i++) samples->offsets[i + 1] = values;
    return values;
}

void thimble_samples_follow(void *context, thimble_model *model) {
    static const thimble_observer observer = {.written = written, .invoked = invoked};
    thimble_samples *samples               = context;
    const thimble_image *image             = thimble_describe(model);
    if (samples == NULL || image == NULL) return;
    if (samples->monitor != NULL) thimble_monitor_follow(samples->monitor, model);
    const uint32_t before = samples->values;
    samples->values       = measure(samples, model);
    const uint32_t room   = samples->values == 0 || samples->ram == NULL || samples->values > UINT32_MAX / 8
                                ? 0
                                : samples->ram_bytes / slot_bytes(samples);
    samples->slots        = room > 1 ? room - 1 : 0;
    memcpy(samples->hash, image->digest, sizeof samples->hash);
    if (samples->state == 0) samples->state = samples->seed | 1;
    if (samples->values != before) thimble_samples_clear(samples);
    samples->pending        = 0;
    samples->outside        = 0;
    samples->wait           = 0;
    samples->next           = model->observer == &observer ? NULL : model->observer;
    samples->next_context   = model->observer_context;
    model->observer         = &observer;
    model->observer_context = samples;
}

/* From another slot each time, so that no kind waits for ever behind one that is found again at once. */
const uint8_t *thimble_samples_first(thimble_samples *samples, uint32_t *bytes) {
    for (uint32_t i = 0; samples != NULL && bytes != NULL && i < samples->slots; i++) {
        const uint8_t *slot = slot_at(samples, (samples->turn + i) % samples->slots);
        if (is_empty(slot)) continue;
        *bytes = slot_bytes(samples);
        return slot;
    }
    return NULL;
}

void thimble_samples_drop(thimble_samples *samples, const uint8_t *sample) {
    for (uint32_t i = 0; samples != NULL && i < samples->slots; i++) {
        if (slot_at(samples, i) != sample) continue;
        memset(slot_at(samples, i), 0, THIMBLE_SAMPLE_HEAD);
        samples->seen = 0;
        samples->turn = i + 1;
    }
}

void thimble_samples_clear(thimble_samples *samples) {
    if (samples == NULL) return;
    for (uint32_t i = 0; i < samples->slots; i++) memset(slot_at(samples, i), 0, slot_bytes(samples));
    samples->seen = 0;
}
