/*
 * Real values to raw tensors and back (thimble_values.h), by what the module's descriptor says. The steps and
 * their order are those of host/ops/border.ts, each rounded to float32; nothing is added to a product in one
 * step, and volatile keeps every compiler from it.
 */
#include <math.h>
#include <string.h>

#include "bytes.h"
#include "descriptor.h"
#include "samples.h"
#ifndef THIMBLE_NO_MONITOR
#include "model.h"
#endif

/* A raw tensor and what it means. */
typedef struct border_tensor {
    thimble_border border;
    uint8_t *raw;
} border_tensor;

static thimble_status find(thimble_model *model, int kind, uint32_t index, border_tensor *found) {
    if (model == NULL) return THIMBLE_ERR_ARGUMENT;
    const thimble_image *image = thimble_describe(model);
    if (image == NULL) return THIMBLE_ERR_CLOSED;
    size_t bytes;
    /* A model that is written to is not constant; an output is only read. */
    found->raw = kind == THIMBLE_INPUT ? thimble_input(model, index, &bytes)
                                       : (uint8_t *)(uintptr_t)thimble_output(model, index, &bytes);
    if (found->raw == NULL) return THIMBLE_ERR_ARGUMENT;
    thimble_border *border      = &found->border;
    const thimble_status status = thimble_border_read(image->body, image->body_bytes, kind, index, border);
    if (status != THIMBLE_OK) return status;
    const uint64_t expected = (uint64_t)border->described.elements * border->bytes_each;
    return expected == bytes ? THIMBLE_OK : THIMBLE_ERR_DESCRIPTOR;
}

static thimble_status describe(thimble_model *model, int kind, uint32_t index,
                               thimble_description *description) {
    if (description == NULL) return THIMBLE_ERR_ARGUMENT;
    border_tensor found;
    const thimble_status status = find(model, kind, index, &found);
    if (status == THIMBLE_OK) *description = found.border.described;
    return status;
}

thimble_status thimble_describe_input(thimble_model *model, uint32_t input,
                                      thimble_description *description) {
    return describe(model, THIMBLE_INPUT, input, description);
}

thimble_status thimble_describe_output(thimble_model *model, uint32_t output,
                                       thimble_description *description) {
    return describe(model, THIMBLE_OUTPUT, output, description);
}

/* ---- names ---- */

/* One of texts that follow each other. */
static const char *text_at(const char *texts, uint32_t index) {
    for (uint32_t i = 0; i < index; i++) texts += strlen(texts) + 1;
    return texts;
}

/* The number that a text is, written as numbers are: without zeros in front. UINT32_MAX where it is none. */
static uint32_t number_of(const char *text) {
    uint64_t value = 0;
    if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0')) return UINT32_MAX;
    for (; *text >= '0' && *text <= '9' && value < UINT32_MAX; text++)
        value = 10 * value + (uint32_t)(*text - '0');
    return *text == '\0' && value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

static int find_numbered(const thimble_border *border, const char *name, uint32_t *place) {
    const size_t length = strlen(border->prefix);
    if (strncmp(name, border->prefix, length) != 0) return 0;
    const uint32_t number = number_of(name + length);
    if (number < border->first || number - border->first >= border->features) return 0;
    *place = number - border->first;
    return 1;
}

thimble_status thimble_find_feature(thimble_model *model, uint32_t input, const char *name, uint32_t *place) {
    if (name == NULL || place == NULL) return THIMBLE_ERR_ARGUMENT;
    border_tensor found;
    const thimble_status status = find(model, THIMBLE_INPUT, input, &found);
    if (status != THIMBLE_OK) return status;
    const thimble_border *border = &found.border;
    if (border->prefix != NULL) return find_numbered(border, name, place) ? THIMBLE_OK : THIMBLE_ERR_ARGUMENT;
    const char *at = border->names;
    for (uint32_t i = 0; at != NULL && i < border->described.names; i++, at += strlen(at) + 1) {
        if (strcmp(at, name) != 0) continue;
        *place = i;
        return THIMBLE_OK;
    }
    return THIMBLE_ERR_ARGUMENT;
}

const char *thimble_unit(thimble_model *model, uint32_t input, uint32_t place) {
    border_tensor found;
    if (find(model, THIMBLE_INPUT, input, &found) != THIMBLE_OK || place >= found.border.features)
        return NULL;
    const char *unit = found.border.units != NULL ? text_at(found.border.units, place) : "";
    return *unit != '\0' ? unit : found.border.described.unit;
}

/* ---- float32, one rounding at a time ---- */

static float rounded(float value) {
    volatile float kept = value;
    return kept;
}

static int is_number(float value) { return value == value; }

/* To the nearest integer, halves away from zero; saturated. */
static int32_t nearest(float steps) {
    if (steps >= 2147483648.0f) return INT32_MAX;
    if (steps < -2147483648.0f) return INT32_MIN;
    const int32_t whole = (int32_t)steps;
    const float rest    = rounded(steps - (float)whole);
    return rest >= 0.5f ? whole + 1 : rest <= -0.5f ? whole - 1 : whole;
}

static int32_t saturate(int64_t value, int32_t least, int32_t most) {
    return value < least ? least : value > most ? most : (int32_t)value;
}

/* How many edges lie below a value, less half of their number, rounded up. */
static float bin_of(const thimble_feature *feature, float value) {
    uint32_t from = 0, to = feature->edge_count;
    while (from < to) {
        const uint32_t middle = (from + to) / 2;
        if (thimble_float_at(feature->edges, middle) < value)
            from = middle + 1;
        else
            to = middle;
    }
    return (float)((int32_t)from - (int32_t)((feature->edge_count + 1) / 2));
}

/* The raw value of a real one (SPEC.md, section 2.2); `feature` is null where the input is not scaled. */
static int32_t raw_of(const thimble_border *border, float value, const thimble_feature *feature,
                      uint32_t place) {
    const thimble_description *described = &border->described;
    int is_reserved                      = 0;
    if (border->missing != NULL) {
        const float missing = thimble_float_at(border->missing, place);
        is_reserved         = !is_number(missing);
        if (!is_number(value)) value = missing;
    }
    if (!is_number(value)) return border->most;
    if (feature != NULL) {
        value = rounded(value - feature->offset);
        value = rounded(value * feature->factor);
        /* Infinity times zero. */
        if (!is_number(value)) return is_reserved ? border->most : described->zero_point;
        if (feature->edges != NULL) value = bin_of(feature, value);
    }
    const int64_t steps = (int64_t)nearest(rounded(value / described->scale)) + described->zero_point;
    return saturate(steps, border->least, border->most - is_reserved);
}

static float real_of(const thimble_border *border, int32_t raw) {
    /* Zero points of int32 are 0. */
    const float steps = rounded((float)(raw - border->described.zero_point));
    return rounded(steps * border->described.scale);
}

/* ---- raw tensors ---- */

static void store(uint8_t *at, uint32_t bytes, int32_t value) {
    for (uint32_t i = 0; i < bytes; i++) at[i] = (uint8_t)((uint32_t)value >> 8 * i);
}

static int32_t load(const border_tensor *tensor, uint32_t index) {
    const uint8_t *at = tensor->raw + (size_t)index * tensor->border.bytes_each;
    switch (tensor->border.described.type) {
    case THIMBLE_INT8: return (int8_t)at[0];
    case THIMBLE_UINT8: return at[0];
    case THIMBLE_INT16: return (int16_t)thimble_get_u16(at);
    default: return (int32_t)thimble_get_u32(at);
    }
}

static float real_at(const border_tensor *tensor, uint32_t index) {
    return real_of(&tensor->border, load(tensor, index));
}

/* The values that are written: numbers, or where these are null samples. */
typedef struct value_source {
    const float *values;
    const thimble_samples *samples;
} value_source;

static int16_t sample_at(const thimble_samples *samples, size_t i) {
    return i < samples->count ? samples->first[i] : samples->rest[i - samples->count];
}

static float value_at(const value_source *from, size_t i) {
    return from->values != NULL ? from->values[i] : (float)sample_at(from->samples, i);
}

/* Features follow each other as the values do: what is said of them is read along. */
static void write_values(const border_tensor *tensor, const value_source *from, size_t count) {
    const thimble_border *border = &tensor->border;
    thimble_reader scaling       = border->scaling;
    uint32_t place               = 0;
    for (size_t i = 0; i < count; i++) {
        thimble_feature feature;
        if (scaling.at != NULL) feature = thimble_feature_take(&scaling);
        const int32_t raw = raw_of(border, value_at(from, i), scaling.at != NULL ? &feature : NULL, place);
        store(tensor->raw + i * border->bytes_each, border->bytes_each, raw);
        if (++place < border->features) continue;
        place   = 0;
        scaling = border->scaling;
    }
}

thimble_status thimble_write(thimble_model *model, uint32_t input, const float *values, size_t count) {
    if (values == NULL) return THIMBLE_ERR_ARGUMENT;
    border_tensor tensor;
    const thimble_status status = find(model, THIMBLE_INPUT, input, &tensor);
    if (status != THIMBLE_OK) return status;
    const thimble_border *border = &tensor.border;
    if (count != border->described.elements) return THIMBLE_ERR_ARGUMENT;
#ifndef THIMBLE_NO_MONITOR
    if (model->observer != NULL)
        model->observer->written(model->observer_context, input, values, (uint32_t)count);
#endif
    for (size_t i = 0; border->missing == NULL && i < count; i++)
        if (!is_number(values[i])) return THIMBLE_ERR_ARGUMENT;
    const value_source from = {values, NULL};
    write_values(&tensor, &from, count);
    return THIMBLE_OK;
}

/* Whether the raw integers are the values themselves. */
static int takes_samples(const thimble_border *border) {
    const thimble_description *described = &border->described;
    return described->type == THIMBLE_INT16 && described->scale == 1 && described->zero_point == 0 &&
           border->scaling.at == NULL;
}

thimble_status thimble_samples_write(thimble_model *model, const thimble_samples *samples, uint32_t count) {
    border_tensor tensor;
    const thimble_status status = find(model, THIMBLE_INPUT, 0, &tensor);
    if (status != THIMBLE_OK) return status;
    if (count != tensor.border.described.elements || samples->count > count) return THIMBLE_ERR_ARGUMENT;
    const value_source from = {NULL, samples};
    if (!takes_samples(&tensor.border)) {
        write_values(&tensor, &from, count);
        return THIMBLE_OK;
    }
    const size_t bytes = samples->count * sizeof *samples->first;
    memcpy(tensor.raw, samples->first, bytes);
    memcpy(tensor.raw + bytes, samples->rest, (count - samples->count) * sizeof *samples->rest);
    return THIMBLE_OK;
}

thimble_status thimble_read(thimble_model *model, uint32_t output, float *values, size_t count) {
    if (values == NULL) return THIMBLE_ERR_ARGUMENT;
    border_tensor tensor;
    const thimble_status status = find(model, THIMBLE_OUTPUT, output, &tensor);
    if (status != THIMBLE_OK) return status;
    if (count != tensor.border.described.elements) return THIMBLE_ERR_ARGUMENT;
    for (uint32_t i = 0; i < count; i++) values[i] = real_at(&tensor, i);
    return THIMBLE_OK;
}

/* ---- decisions ---- */

/* The first output that decides; ERR_ARGUMENT where none does. */
static thimble_status find_deciding(thimble_model *model, border_tensor *tensor) {
    for (uint32_t i = 0;; i++) {
        const thimble_status status = find(model, THIMBLE_OUTPUT, i, tensor);
        if (status != THIMBLE_OK || tensor->border.decision != DECISION_NONE) return status;
    }
}

static uint32_t greatest(const border_tensor *tensor) {
    uint32_t best = 0;
    for (uint32_t i = 1; i < tensor->border.described.elements; i++)
        if (real_at(tensor, i) > real_at(tensor, best)) best = i;
    return best;
}

thimble_status thimble_decide(thimble_model *model, uint32_t *class_number, float *score) {
    if (class_number == NULL) return THIMBLE_ERR_ARGUMENT;
    border_tensor tensor;
    const thimble_status status = find_deciding(model, &tensor);
    if (status != THIMBLE_OK) return status;
    uint32_t at = 0; /* of the value that is the score */
    switch (tensor.border.decision) {
    case DECISION_GREATEST: *class_number = at = greatest(&tensor); break;
    case DECISION_SECOND: at = 1; /* fall through */
    case DECISION_ABOVE: *class_number = real_at(&tensor, at) > tensor.border.threshold; break;
    case DECISION_INDEX: *class_number = (uint32_t)load(&tensor, 0); break;
    default: return THIMBLE_ERR_ARGUMENT;
    }
    if (score != NULL) *score = real_at(&tensor, at);
    return THIMBLE_OK;
}

thimble_status thimble_decide_autoencoder(thimble_model *model, const float *values, size_t count,
                                          uint32_t *class_number, float *score) {
    if (values == NULL || class_number == NULL) return THIMBLE_ERR_ARGUMENT;
    border_tensor tensor;
    const thimble_status status = find_deciding(model, &tensor);
    if (status != THIMBLE_OK) return status;
    if (tensor.border.decision != DECISION_ERROR || count != tensor.border.described.elements)
        return THIMBLE_ERR_ARGUMENT;
    float sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        const float difference = rounded(real_at(&tensor, i) - values[i]);
        sum                    = rounded(sum + rounded(difference * difference));
    }
    float mean = rounded(sum / (float)(uint32_t)count);
    /* An infinite value, and one of the output: an anomaly all the same. */
    if (!is_number(mean)) mean = INFINITY;
    *class_number = mean > tensor.border.threshold;
    if (score != NULL) *score = mean;
    return THIMBLE_OK;
}

const char *thimble_label(thimble_model *model, uint32_t class_number) {
    border_tensor tensor;
    if (find_deciding(model, &tensor) != THIMBLE_OK || tensor.border.names == NULL) return NULL;
    return class_number < tensor.border.described.names ? text_at(tensor.border.names, class_number) : NULL;
}
