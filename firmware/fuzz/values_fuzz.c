/*
 * Fuzzes what reads a module's descriptor and converts by it: core/descriptor.c, core/values.c and
 * core/stream.c, on a model
 * of one input and one output that stands in for core/model.c. Bytes 0 and 1 of an input are the tensors'
 * sizes, less one; the others are the contents of the descriptor's section, and the values that are written.
 */
#include <stdlib.h>
#include <string.h>

#include "descriptor.h"
#include "thimble_stream.h"

enum { HEADER_BYTES = 8, VALUES = 256 };

struct thimble_model {
    thimble_image image;
    uint8_t *raw[2];
    size_t bytes[2];
};

static void *tensor(const thimble_model *model, int kind, uint32_t index, size_t *bytes) {
    *bytes = index == 0 ? model->bytes[kind] : 0;
    return index == 0 ? model->raw[kind] : NULL;
}

void *thimble_input(thimble_model *model, uint32_t index, size_t *bytes) {
    return tensor(model, THIMBLE_INPUT, index, bytes);
}

const void *thimble_output(thimble_model *model, uint32_t index, size_t *bytes) {
    return tensor(model, THIMBLE_OUTPUT, index, bytes);
}

const thimble_image *thimble_describe(const thimble_model *model) { return &model->image; }

thimble_status thimble_invoke(thimble_model *model) {
    return model->raw[0][0] % 2 == 0 ? THIMBLE_OK : THIMBLE_TAKEN;
}

thimble_status thimble_reset(thimble_model *model) {
    (void)model;
    return THIMBLE_OK;
}

static void check(int holds) {
    if (!holds) abort();
}

/* Checks what a status of 0 promises about a description. */
static void check_description(const thimble_description *described) {
    check(described->elements > 0 && described->rank <= THIMBLE_RANK_MAX);
    check(described->scale > 0 && described->name != NULL);
    check(strlen(described->name) < SIZE_MAX);
    if (described->unit != NULL) check(strlen(described->unit) < SIZE_MAX);
}

static void use_input(thimble_model *model, const float *values) {
    thimble_description input;
    uint32_t place = 0;
    if (thimble_describe_input(model, 0, &input) != THIMBLE_OK) return;
    check_description(&input);
    check(thimble_write(model, 0, values, input.elements + 1u) == THIMBLE_ERR_ARGUMENT);
    const thimble_status status = thimble_write(model, 0, values, input.elements);
    check(status == THIMBLE_OK || status == THIMBLE_ERR_ARGUMENT);
    for (int i = 0; i < 2; i++)
        if (thimble_find_feature(model, 0, i == 0 ? "f1" : "a", &place) == THIMBLE_OK)
            check(place < input.names);
}

static void use_output(thimble_model *model, const float *values) {
    static float read[VALUES];
    thimble_description output;
    uint32_t number = 0;
    float score     = 0;
    if (thimble_describe_output(model, 0, &output) != THIMBLE_OK) return;
    check_description(&output);
    check(thimble_read(model, 0, read, output.elements) == THIMBLE_OK);
    thimble_status status = thimble_decide(model, &number, &score);
    if (status != THIMBLE_OK)
        status = thimble_decide_autoencoder(model, values, output.elements, &number, NULL);
    const char *label = thimble_label(model, number);
    if (label != NULL) check(status == THIMBLE_OK && strlen(label) < SIZE_MAX);
    (void)thimble_label(model, UINT32_MAX);
}

/* Feeds pieces of the lengths that the bytes say; every sample is in one place. */
static void use_stream(thimble_model *model, const uint8_t *data, size_t size) {
    static const int16_t samples[UINT8_MAX + 1];
    const size_t capacity = 1 + (size != 0 ? data[0] : 0u);
    int16_t *ring         = malloc(capacity * sizeof *ring);
    thimble_stream stream;
    thimble_event event;
    if (ring == NULL) abort();
    const thimble_status opened = thimble_stream_open(&stream, model, ring, capacity);
    uint64_t offered            = 0;
    for (size_t i = 1; opened == THIMBLE_OK && i < size; i++) {
        const thimble_status status = thimble_feed(&stream, samples, data[i], &event);
        offered += data[i];
        check(status != THIMBLE_ERR_CLOSED && status != THIMBLE_ERR_DESCRIPTOR);
        check(stream.held <= capacity && stream.first < capacity);
        check(stream.passed + stream.held + stream.overruns == offered);
        check(event.more == (stream.held >= stream.window));
    }
    if (opened == THIMBLE_OK) check(thimble_stream_reset(&stream) == THIMBLE_OK && stream.held == 0);
    free(ring);
}

/* A module of nothing but the section, allocated to the byte. */
static uint8_t *module_of(const uint8_t *contents, size_t size, size_t *bytes) {
    static const char name[] = DESCRIPTOR_SECTION;
    const size_t name_bytes = sizeof name - 1, section = 1 + name_bytes + size;
    *bytes          = HEADER_BYTES + 4 + section;
    uint8_t *module = calloc(1, *bytes);
    if (module == NULL) abort();
    uint8_t *at = module + HEADER_BYTES;
    *at++       = 0;
    *at++       = (uint8_t)(section & 0x7f) | 0x80;
    *at++       = (uint8_t)(section >> 7 & 0x7f) | 0x80;
    *at++       = (uint8_t)(section >> 14);
    *at++       = (uint8_t)name_bytes;
    memcpy(at, name, name_bytes);
    if (size > 0) memcpy(at + name_bytes, contents, size);
    return module;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static float values[VALUES];
    if (size < 2) return 0;
    memcpy(values, data, size < sizeof values ? size : sizeof values);
    thimble_model model = {.bytes = {data[0] + 1u, data[1] + 1u}};
    uint8_t *module     = module_of(data + 2, size - 2, &model.image.body_bytes);
    model.image.body    = module;
    for (int kind = 0; kind < 2; kind++) {
        model.raw[kind] = calloc(1, model.bytes[kind]);
        if (model.raw[kind] == NULL) abort();
        memset(model.raw[kind], data[kind], model.bytes[kind]);
    }
    use_input(&model, values);
    use_output(&model, values);
    use_stream(&model, data, size);
    free(model.raw[0]);
    free(model.raw[1]);
    free(module);
    return 0;
}
