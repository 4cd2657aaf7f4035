/*
 * Reads a module's descriptor: SPEC.md, section 2.1. The scan of the module has seen that sections are whole;
 * nothing of what is in this one has been looked at.
 */
#include "descriptor.h"

#include <string.h>

#include "bytes.h"

enum { MODULE_HEADER = 8 };

/* ---- where it is ---- */

int thimble_section_find(const uint8_t *module, size_t bytes, const char *wanted, thimble_reader *contents) {
    if (bytes < MODULE_HEADER) return 0;
    thimble_reader sections = {module + MODULE_HEADER, module + bytes, 0};
    while (!sections.bad && sections.at < sections.end) {
        const uint8_t id    = thimble_take_byte(&sections);
        const uint32_t size = thimble_take_u32(&sections);
        const uint8_t *at   = thimble_take(&sections, size);
        if (at == NULL || id != 0) continue;
        *contents             = (thimble_reader){at, at + size, 0};
        const uint32_t length = thimble_take_u32(contents);
        const uint8_t *name   = thimble_take(contents, length);
        if (name != NULL && length == strlen(wanted) && memcmp(name, wanted, length) == 0) return 1;
    }
    return 0;
}

/* ---- fields ---- */

float thimble_float_at(thimble_floats floats, uint32_t index) {
    const uint32_t word = thimble_get_u32(floats + 4 * (size_t)index);
    float value;
    memcpy(&value, &word, sizeof value);
    return value;
}

enum { EXPONENT = 0x7f800000, FRACTION = 0x007fffff };

/* Finite numbers, or where `nan_too` also ones that are not a number. */
static thimble_floats take_floats(thimble_reader *from, uint32_t count, int nan_too) {
    if (count > ELEMENTS_MAX) from->bad = 1;
    thimble_floats floats = thimble_take(from, 4 * count);
    for (uint32_t i = 0; floats != NULL && i < count; i++) {
        const uint32_t word = thimble_get_u32(floats + 4 * (size_t)i);
        if ((word & EXPONENT) == EXPONENT && !(nan_too && (word & FRACTION) != 0)) from->bad = 1;
    }
    return floats;
}

static float take_float(thimble_reader *from) {
    thimble_floats one = take_floats(from, 1, 0);
    return one != NULL ? thimble_float_at(one, 0) : 0;
}

/* A text that a zero byte ends, in the record. */
static const char *take_text(thimble_reader *from) {
    const size_t left  = (size_t)(from->end - from->at);
    const uint8_t *end = from->bad || left == 0 ? NULL : memchr(from->at, 0, left);
    if (end == NULL) {
        from->bad = 1;
        return NULL;
    }
    return (const char *)thimble_take(from, (uint32_t)(end - from->at) + 1);
}

/* The first of `count` texts, which follow each other. */
static const char *take_texts(thimble_reader *from, uint32_t count) {
    const char *first = (const char *)from->at;
    for (uint32_t i = 0; i < count && !from->bad; i++) (void)take_text(from);
    return first;
}

static int has(const thimble_border *border, uint8_t field) { return (border->fields & field) != 0; }

static void take_types(thimble_reader *from, thimble_border *border) {
    static const struct {
        int32_t least, most;
        uint8_t bytes;
    } types[] = {
        {INT8_MIN, INT8_MAX, 1}, {0, UINT8_MAX, 1}, {INT16_MIN, INT16_MAX, 2}, {INT32_MIN, INT32_MAX, 4}};
    const uint8_t both = thimble_take_byte(from);
    const uint8_t type = both & 15, source = both >> 4;
    if (type > THIMBLE_INT32 || source > THIMBLE_FLOAT32) {
        from->bad = 1;
        return;
    }
    border->described.type   = (thimble_type)type;
    border->described.source = (thimble_type)source;
    border->least            = types[type].least;
    border->most             = types[type].most;
    border->bytes_each       = types[type].bytes;
}

static void take_shape(thimble_reader *from, thimble_description *described) {
    described->rank   = thimble_take_index(from, THIMBLE_RANK_MAX + 1);
    uint64_t elements = 1;
    for (uint32_t i = 0; i < described->rank; i++) {
        described->shape[i] = thimble_take_u32(from);
        elements *= described->shape[i];
        if (elements == 0 || elements > ELEMENTS_MAX) {
            from->bad = 1;
            return;
        }
    }
    described->elements = (uint32_t)elements;
}

static void take_scale(thimble_reader *from, thimble_border *border) {
    thimble_description *described = &border->described;
    described->scale               = take_float(from);
    const int64_t zero             = (int64_t)thimble_take_leb(from, 32, 1);
    const int is_wide              = described->type == THIMBLE_INT32;
    if (!(described->scale > 0) || zero < (is_wide ? 0 : border->least) ||
        zero > (is_wide ? 0 : border->most))
        from->bad = 1;
    described->zero_point = (int32_t)zero;
}

thimble_feature thimble_feature_take(thimble_reader *scaling) {
    thimble_feature feature = {0, 1, NULL, 0};
    const uint32_t head     = thimble_take_u32(scaling);
    if ((head & 1) != 0) {
        feature.offset = take_float(scaling);
        feature.factor = take_float(scaling);
    }
    if (head < 2) return feature;
    feature.edge_count = (head >> 1) - 1;
    feature.edges      = take_floats(scaling, feature.edge_count, 0);
    return feature;
}

static int is_ascending(const thimble_feature *feature) {
    for (uint32_t i = 1; feature->edges != NULL && i < feature->edge_count; i++)
        if (!(thimble_float_at(feature->edges, i - 1) < thimble_float_at(feature->edges, i))) return 0;
    return 1;
}

static void take_scaling(thimble_reader *from, thimble_border *border) {
    if (has(border, FIELD_SCALING)) {
        border->scaling = *from;
        for (uint32_t i = 0; i < border->features && !from->bad; i++) {
            const thimble_feature feature = thimble_feature_take(from);
            if (!is_ascending(&feature)) from->bad = 1;
        }
    } else if (has(border, FIELD_MISSING)) {
        from->bad = 1;
    }
    if (has(border, FIELD_MISSING)) border->missing = take_floats(from, border->features, 1);
}

static void take_names(thimble_reader *from, thimble_border *border) {
    thimble_description *described = &border->described;
    if (has(border, FIELD_NAMES)) {
        described->names = thimble_take_u32(from);
        border->names    = take_texts(from, described->names);
        if (has(border, FIELD_NUMBERED)) from->bad = 1;
    } else if (has(border, FIELD_NUMBERED)) {
        described->names = border->features;
        border->prefix   = take_text(from);
        border->first    = thimble_take_u32(from);
        if (border->features > NUMBERED_MAX || (uint64_t)border->first + border->features > INT32_MAX)
            from->bad = 1;
    }
}

static void take_stream(thimble_reader *from, thimble_description *described) {
    described->sample_rate = thimble_take_u32(from);
    described->channels    = thimble_take_u32(from);
    described->hop         = thimble_take_u32(from);
    if (described->sample_rate == 0 || described->channels == 0) from->bad = 1;
}

/* Whether the way in which it decides is one of its kind and number of values. */
static int decision_fits(const thimble_border *border, int kind) {
    const uint32_t elements = border->described.elements;
    switch (border->decision) {
    case DECISION_NONE: return 1;
    case DECISION_GREATEST: return kind == THIMBLE_OUTPUT;
    case DECISION_ABOVE:
    case DECISION_INDEX: return kind == THIMBLE_OUTPUT && elements == 1;
    case DECISION_SECOND: return kind == THIMBLE_OUTPUT && elements == 2 && has(border, FIELD_THRESHOLD);
    case DECISION_ERROR: return kind == THIMBLE_OUTPUT && has(border, FIELD_THRESHOLD);
    }
    return 0;
}

static int fields_fit(const thimble_border *border, int kind) {
    if (kind == THIMBLE_OUTPUT)
        return !has(border, FIELD_SCALING | FIELD_MISSING | FIELD_NUMBERED | FIELD_UNITS);
    return !has(border, FIELD_NAMES) || border->described.names == border->features;
}

static thimble_status read_record(thimble_reader *from, int kind, thimble_border *border) {
    thimble_description *described = &border->described;
    take_types(from, border);
    border->fields   = thimble_take_byte(from);
    border->decision = thimble_take_byte(from);
    described->name  = take_text(from);
    take_shape(from, described);
    if (from->bad) return THIMBLE_ERR_DESCRIPTOR;
    border->features = described->rank > 0 ? described->shape[described->rank - 1] : 1;
    take_scale(from, border);
    if (has(border, FIELD_UNIT)) described->unit = take_text(from);
    take_scaling(from, border);
    take_names(from, border);
    border->threshold = has(border, FIELD_THRESHOLD) ? take_float(from) : 0.5f;
    if (has(border, FIELD_STREAM)) take_stream(from, described);
    if (has(border, FIELD_UNITS)) border->units = take_texts(from, border->features);
    const int is_whole = !from->bad && from->at == from->end;
    return is_whole && fields_fit(border, kind) && decision_fits(border, kind) ? THIMBLE_OK
                                                                               : THIMBLE_ERR_DESCRIPTOR;
}

/* The record of that number, counted through inputs and outputs; null where not all of them are whole. */
static const uint8_t *find_record(thimble_reader *all, uint32_t records, uint32_t number, uint32_t *bytes) {
    const uint8_t *found = NULL;
    for (uint32_t i = 0; i < records; i++) {
        const uint32_t size   = thimble_take_u32(all);
        const uint8_t *record = thimble_take(all, size);
        if (i != number) continue;
        found  = record;
        *bytes = size;
    }
    return all->bad || all->at != all->end ? NULL : found;
}

static int is_count(uint8_t count) { return count > 0 && count <= TENSORS_MAX; }

thimble_status thimble_border_read(const uint8_t *module, size_t bytes, int kind, uint32_t index,
                                   thimble_border *border) {
    thimble_reader all = {NULL, NULL, 0};
    if (!thimble_section_find(module, bytes, DESCRIPTOR_SECTION, &all)) return THIMBLE_ERR_DESCRIPTOR;
    const uint8_t version = thimble_take_byte(&all), task = thimble_take_byte(&all);
    const uint8_t inputs = thimble_take_byte(&all), outputs = thimble_take_byte(&all);
    if (all.bad || version != DESCRIPTOR_VERSION || task > THIMBLE_TASK_IMAGE) return THIMBLE_ERR_DESCRIPTOR;
    if (!is_count(inputs) || !is_count(outputs)) return THIMBLE_ERR_DESCRIPTOR;
    if (index >= (kind == THIMBLE_INPUT ? inputs : outputs)) return THIMBLE_ERR_DESCRIPTOR;
    const uint32_t number = index + (kind == THIMBLE_INPUT ? 0u : inputs);
    uint32_t size         = 0;
    const uint8_t *record = find_record(&all, (uint32_t)inputs + outputs, number, &size);
    if (record == NULL) return THIMBLE_ERR_DESCRIPTOR;
    *border              = (thimble_border){.described = {.task = (thimble_task)task}};
    thimble_reader inner = {record, record + size, 0};
    return read_record(&inner, kind, border);
}
