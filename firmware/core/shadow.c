/* Runs an image that waits beside the one in service, and counts where they part: SPEC.md, section 8.7. */
#include "thimble_shadow.h"

#include <string.h>

#include "model.h"
#include "slots.h"
#include "thimble_values.h"

static const thimble_record *record_of(const thimble_shadow *shadow) {
    return thimble_store_record(shadow->service->store, shadow->service->index);
}

static void count(thimble_shadow *shadow, uint32_t counter) {
    thimble_monitor_count(shadow->monitor, counter, 1);
}

/* Without decisions, all outputs have to be the same. */
static int has_same_outputs(thimble_model *a, thimble_model *b) {
    for (uint32_t i = 0;; i++) {
        size_t bytes = 0, others = 0;
        const void *output = thimble_output(a, i, &bytes);
        const void *other  = thimble_output(b, i, &others);
        if (output == NULL || other == NULL) return output == other;
        if (bytes != others || memcmp(output, other, bytes) != 0) return 0;
    }
}

static int agrees(thimble_model *a, thimble_model *b) {
    uint32_t class_a, class_b;
    const thimble_status of_a = thimble_decide(a, &class_a, NULL);
    const thimble_status of_b = thimble_decide(b, &class_b, NULL);
    if (of_a == THIMBLE_OK && of_b == THIMBLE_OK) return class_a == class_b;
    return of_a == of_b && has_same_outputs(a, b);
}

static void written(void *context, uint32_t input, const float *values, uint32_t values_count) {
    thimble_shadow *shadow       = context;
    const thimble_observer *next = shadow->next;
    if (next != NULL) next->written(shadow->next_context, input, values, values_count);
    if (shadow->model == NULL) return;
    shadow->is_written = 1;
    if (thimble_write(shadow->model, input, values, values_count) != THIMBLE_OK) shadow->has_failed = 1;
}

/* An inference of the new version on what was written for the one in service, which went well. */
static void compare(thimble_shadow *shadow, thimble_model *model) {
    const thimble_status status = thimble_invoke(shadow->model);
    if (status == THIMBLE_TAKEN && !shadow->has_failed) return;
    if (status != THIMBLE_OK || shadow->has_failed) {
        count(shadow, THIMBLE_SHADOW_FAILED);
        return;
    }
    count(shadow, THIMBLE_SHADOW_COMPARED);
    if (agrees(model, shadow->model)) count(shadow, THIMBLE_SHADOW_AGREED);
}

static void invoked(void *context, thimble_model *model, thimble_status status, uint32_t ticks) {
    thimble_shadow *shadow       = context;
    const thimble_observer *next = shadow->next;
    if (next != NULL) next->invoked(shadow->next_context, model, status, ticks);
    /* An input that was refused, or written to its address, is not compared. */
    if (shadow->model != NULL && shadow->is_written && status >= THIMBLE_OK) compare(shadow, model);
    shadow->is_written = 0;
    shadow->has_failed = 0;
}

void thimble_shadow_follow(void *context, thimble_model *model) {
    static const thimble_observer observer = {.written = written, .invoked = invoked};
    thimble_shadow *shadow                 = context;
    if (shadow == NULL || model == NULL) return;
    if (shadow->opened != NULL) shadow->opened(shadow->opened_context, model);
    shadow->next            = model->observer;
    shadow->next_context    = model->observer_context;
    shadow->is_written      = 0;
    shadow->has_failed      = 0;
    model->observer         = &observer;
    model->observer_context = shadow;
}

static thimble_status close_shadow(thimble_shadow *shadow) {
    if (shadow->model == NULL) return THIMBLE_OK;
    thimble_close(shadow->model);
    shadow->model = NULL;
    return thimble_monitor_seal(shadow->monitor);
}

static thimble_status open_shadow(thimble_shadow *shadow, const thimble_record *record) {
    const thimble_service *service = shadow->service;
    thimble_span image;
    thimble_model *model  = NULL;
    thimble_status status = thimble_slot_map_image(service->store, service->index, 1 - record->slot, &image);
    if (status == THIMBLE_OK)
        status = thimble_open(service->store->device, image.at, image.bytes, shadow->ram, shadow->ram_bytes,
                              service->options, &model);
    if (status == THIMBLE_OK) {
        thimble_monitor_follow(shadow->monitor, model);
        shadow->model = model;
    }
    shadow->is_refused     = status != THIMBLE_OK;
    shadow->refused        = record->tag;
    shadow->refused_action = record->action;
    return status;
}

thimble_status thimble_shadow_tick(thimble_shadow *shadow) {
    if (shadow == NULL || shadow->service == NULL || shadow->monitor == NULL || shadow->ram == NULL)
        return THIMBLE_ERR_ARGUMENT;
    const thimble_record *record = record_of(shadow);
    const int waits              = record != NULL && record->state == THIMBLE_READY && record->held;
    const int is_known = waits && shadow->refused == record->tag && shadow->refused_action == record->action;
    if (shadow->model != NULL && is_known) return THIMBLE_OK;
    const thimble_status closed = close_shadow(shadow);
    if (!waits || shadow->service->model == NULL) return closed;
    if (shadow->is_refused && is_known) return THIMBLE_OK;
    return open_shadow(shadow, record);
}
