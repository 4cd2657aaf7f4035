/*
 * Counts what a model sees and says, into a report that lies in RAM as it is sent: SPEC.md, section 8.
 * Nothing but integers: a float32 is compared by its bits.
 */
#include "monitor.h"

#include <string.h>

#include "bytes.h"
#include "crc32.h"
#include "descriptor.h"
#include "model.h"

#define BINS_SECTION "thimble.monitor"

enum {
    BINS_VERSION = 1,
    BINS_HEAD    = 20,
    BELOW        = 0, /* counts of a channel: below all edges, eight bins, above all, missing */
    ABOVE        = 9,
    MISSING      = 10,
    COUNTS       = 11,
    LATENCIES    = 12,
    FASTEST_BITS =
        7, /* the first bin of latency: below 128 ticks; each one is twice as wide as the one before */
};

/* ---- a report ---- */

static void add(uint8_t *count, uint32_t by) {
    const uint32_t sum = thimble_get_u16(count) + by;
    thimble_put_u16(count, (uint16_t)(sum < THIMBLE_MONITOR_MOST ? sum : THIMBLE_MONITOR_MOST));
}

uint32_t thimble_report_bytes(const uint8_t *report) {
    if (report[REPORT_VERSION] != MONITOR_VERSION) return 0;
    const uint32_t classes  = thimble_get_u16(report + REPORT_CLASSES);
    const uint32_t bytes    = thimble_get_u16(report + REPORT_BYTES);
    const uint32_t channels = thimble_get_u16(report + REPORT_CHANNELS);
    return bytes == REPORT_FIRST_COUNT + 2 * classes + THIMBLE_MONITOR_CHANNEL * channels ? bytes : 0;
}

static uint32_t counted_classes(const thimble_monitor_bins *bins) {
    return bins->classes < THIMBLE_MONITOR_CLASSES ? bins->classes : THIMBLE_MONITOR_CLASSES;
}

static uint8_t *channel_at(const thimble_monitor *monitor, uint32_t channel) {
    return monitor->ram + REPORT_FIRST_COUNT + 2 * counted_classes(&monitor->bins) +
           THIMBLE_MONITOR_CHANNEL * channel;
}

/* An empty report of the model whose hash and bins are known. */
static void begin(thimble_monitor *monitor, const uint8_t hash[32], uint8_t flags) {
    const thimble_monitor_bins *bins = &monitor->bins;
    const uint32_t classes           = counted_classes(bins);
    uint8_t *report                  = monitor->ram;
    const uint32_t bytes =
        REPORT_FIRST_COUNT + 2 * classes + THIMBLE_MONITOR_CHANNEL * (uint32_t)bins->channels;
    memmove(report + REPORT_HASH, hash, 32);
    memset(report, 0, REPORT_HASH);
    memset(report + REPORT_INFERENCES, 0, bytes - REPORT_INFERENCES);
    report[REPORT_VERSION] = MONITOR_VERSION;
    report[REPORT_FLAGS]   = flags | (monitor->is_shadow ? FLAG_SHADOW : 0);
    thimble_put_u16(report + REPORT_BYTES, (uint16_t)bytes);
    thimble_put_u16(report + REPORT_CLASSES, (uint16_t)classes);
    thimble_put_u16(report + REPORT_CHANNELS, bins->channels);
}

static int has_counts(const uint8_t *report) {
    const uint32_t bytes = thimble_report_bytes(report);
    for (uint32_t i = REPORT_INFERENCES; i < bytes; i++) {
        const int is_length = i >= REPORT_CLASSES && i < REPORT_FIRST_COUNT;
        if (report[i] != 0 && !is_length) return 1;
    }
    return 0;
}

/* The fields that are known when a report is written. */
static void stamp(thimble_monitor *monitor) {
    uint8_t *report      = monitor->ram;
    const uint32_t bytes = thimble_report_bytes(report);
    thimble_put_u32(report + REPORT_INTERVAL, monitor->next);
    thimble_put_u32(report + REPORT_TIME, monitor->time);
    thimble_put_u32(report + REPORT_UPTIME, monitor->uptime);
    const uint32_t crc = thimble_crc32(0, report, REPORT_CRC);
    thimble_put_u32(report + REPORT_CRC,
                    thimble_crc32(crc, report + REPORT_INTERVAL, bytes - REPORT_INTERVAL));
}

/* ---- bins of the module ---- */

static int is_raw_type(uint8_t type) { return type <= THIMBLE_INT32; }

static uint32_t raw_bytes(uint8_t type) { return type <= THIMBLE_UINT8 ? 1 : type == THIMBLE_INT16 ? 2 : 4; }

/* The bins in the section; false where it is not what SPEC.md says, or not of this model. */
static int take_bins(thimble_reader *from, thimble_model *model, thimble_monitor_bins *bins) {
    const uint8_t *head = thimble_take(from, BINS_HEAD);
    if (head == NULL || head[0] != BINS_VERSION) return 0;
    *bins          = (thimble_monitor_bins){.input_count = head[1],
                                            .output      = head[2],
                                            .decision    = head[3],
                                            .type        = head[4],
                                            .classes     = thimble_get_u16(head + 6),
                                            .channels    = thimble_get_u16(head + 8),
                                            .every       = thimble_get_u16(head + 10),
                                            .limit       = (int32_t)thimble_get_u32(head + 12),
                                            .elements    = thimble_get_u32(head + 16)};
    bins->inputs   = thimble_take(from, 2u * bins->input_count);
    uint32_t found = 1;
    for (uint32_t i = 0; bins->inputs != NULL && i < bins->input_count; i++)
        found += thimble_get_u16(bins->inputs + 2 * i);
    bins->edges = thimble_take(from, EDGES_BYTES * (uint32_t)bins->channels);
    /* What calibration counted follows, for servers. */
    (void)thimble_take(from, 4 * ((uint32_t)bins->classes + COUNTS * (uint32_t)bins->channels));
    size_t bytes;
    const void *output = thimble_output(model, bins->output, &bytes);
    if (from->bad || from->at != from->end || found != bins->channels || bins->every == 0) return 0;
    if (output == NULL || !is_raw_type(bins->type) || bins->elements == 0) return 0;
    const uint32_t needed = bins->decision == DECISION_SECOND ? 2 : 1;
    return bins->elements >= needed && bytes == (uint64_t)bins->elements * raw_bytes(bins->type);
}

static int find_bins(thimble_model *model, const thimble_image *image, thimble_monitor_bins *bins) {
    thimble_reader section = {NULL, NULL, 0};
    if (!thimble_section_find(image->body, image->body_bytes, BINS_SECTION, &section)) return 0;
    return take_bins(&section, model, bins);
}

static int32_t edge_at(const uint8_t *edges, uint32_t index) {
    return (int32_t)thimble_get_u32(edges + 4 * index);
}

static void count_key(const thimble_monitor *monitor, uint32_t channel, int32_t key) {
    const uint8_t *edges = monitor->bins.edges + EDGES_BYTES * channel;
    uint32_t bin         = BELOW;
    if (key > edge_at(edges, EDGES - 1)) {
        bin = ABOVE;
    } else if (key >= edge_at(edges, 0)) {
        uint32_t passed = 0;
        for (uint32_t step = 4; step > 0; step /= 2)
            if (key >= edge_at(edges, passed + step)) passed += step;
        bin = 1 + passed;
    }
    add(channel_at(monitor, channel) + 2 * bin, 1);
}

/* ---- what happens to the model ---- */

static int has_stopped(const thimble_monitor *monitor) {
    return thimble_get_u16(monitor->ram + REPORT_INFERENCES) == THIMBLE_MONITOR_MOST;
}

/* Where in an input the values are that are looked at this time: another place each time. */
static uint32_t place_of(uint32_t turn, uint32_t places) {
    return places > 1 ? (uint32_t)(((uint64_t)(turn * 0x9e3779b1u) * places) >> 32) : 0;
}

static void look_at(const thimble_monitor *monitor, uint32_t input, const float *values, uint32_t count) {
    const thimble_monitor_bins *bins = &monitor->bins;
    if (bins->channels == 0 || input >= bins->input_count || has_stopped(monitor)) return;
    uint32_t channel = 0;
    for (uint32_t i = 0; i < input; i++) channel += thimble_get_u16(bins->inputs + 2 * i);
    const uint32_t width = thimble_get_u16(bins->inputs + 2 * input);
    if (width == 0 || width > count) return;
    const float *at = values + place_of(monitor->turn, count / width) * width;
    for (uint32_t i = 0; i < width; i++, channel++) {
        uint32_t bits;
        memcpy(&bits, at + i, sizeof bits);
        if (thimble_is_nan(bits))
            add(channel_at(monitor, channel) + 2 * MISSING, 1);
        else
            count_key(monitor, channel, thimble_key_of(bits));
    }
}

/* Most inferences are only passed by: these are what a monitor costs a small model. */
static void written(void *context, uint32_t input, const float *values, uint32_t count) {
    if (((thimble_monitor *)context)->wait == 0) look_at(context, input, values, count);
}

static uint32_t greatest(const uint8_t *raw, const thimble_monitor_bins *bins) {
    uint32_t best   = 0;
    int32_t highest = thimble_raw_at(raw, bins->type, 0);
    for (uint32_t i = 1; i < bins->elements; i++) {
        const int32_t value = thimble_raw_at(raw, bins->type, i);
        if (value <= highest) continue;
        best    = i;
        highest = value;
    }
    return best;
}

static void count_result(thimble_monitor *monitor, thimble_model *model) {
    const thimble_monitor_bins *bins = &monitor->bins;
    if (bins->channels == 0) return;
    const uint8_t *raw = thimble_output(model, bins->output, NULL);
    uint32_t at = 0, class_number = 0;
    switch (bins->decision) {
    case DECISION_GREATEST: class_number = at = greatest(raw, bins); break;
    case DECISION_SECOND: at = 1; /* fall through */
    case DECISION_ABOVE: class_number = thimble_raw_at(raw, bins->type, at) >= bins->limit; break;
    case DECISION_INDEX: class_number = (uint32_t)thimble_raw_at(raw, bins->type, 0); break;
    default: at = place_of(monitor->turn, bins->elements); break;
    }
    count_key(monitor, bins->channels - 1u, thimble_raw_at(raw, bins->type, at));
    const uint32_t classes = counted_classes(bins);
    if (classes == 0) return;
    const uint32_t last = classes - 1;
    add(monitor->ram + REPORT_FIRST_COUNT + 2 * (class_number < last ? class_number : last), 1);
}

static uint32_t failure_of(thimble_status status) {
    switch (status) {
    case THIMBLE_ERR_TRAP: return 0;
    case THIMBLE_ERR_STATUS: return 1;
    case THIMBLE_ERR_ARGUMENT: return 2;
    case THIMBLE_ERR_FLASH: return 3;
    case THIMBLE_ERR_RAM: return 4;
    default: return 5;
    }
}

static uint32_t latency_of(uint32_t ticks) {
    uint32_t bin = 0;
    for (ticks >>= FASTEST_BITS; ticks > 0 && bin < LATENCIES - 1; ticks /= 2) bin++;
    return bin;
}

/* A count that is never greater than that of the inferences, which stops in time. */
static void count_one(uint8_t *count) { thimble_put_u16(count, (uint16_t)(thimble_get_u16(count) + 1)); }

static void invoked(void *context, thimble_model *model, thimble_status status, uint32_t ticks) {
    thimble_monitor *monitor = context;
    uint8_t *report          = monitor->ram;
    if (has_stopped(monitor)) report[REPORT_FLAGS] |= FLAG_STOPPED;
    if (has_stopped(monitor)) return;
    count_one(report + REPORT_INFERENCES);
    count_one(report + REPORT_LATENCY + 2 * latency_of(ticks));
    if (ticks > monitor->overrun && monitor->overrun != 0) count_one(report + REPORT_OVERRUNS);
    if (status < THIMBLE_OK) add(report + REPORT_FAILURES + 2 * failure_of(status), 1);
    if (status == THIMBLE_TAKEN) return;
    if (monitor->wait > 0) {
        monitor->wait--;
        return;
    }
    if (status == THIMBLE_OK) count_result(monitor, model);
    monitor->turn++;
    monitor->wait = monitor->bins.channels > 0 ? monitor->bins.every - 1u : 0;
}

void thimble_monitor_count(thimble_monitor *monitor, uint32_t counter, uint32_t by) {
    if (monitor == NULL || counter >= THIMBLE_MONITOR_COUNTERS || thimble_report_bytes(monitor->ram) == 0)
        return;
    add(monitor->ram + REPORT_COUNTERS + 2 * counter, by < THIMBLE_MONITOR_MOST ? by : THIMBLE_MONITOR_MOST);
}

void thimble_monitor_fail(thimble_monitor *monitor, thimble_status status) {
    if (monitor == NULL || status == THIMBLE_OK || thimble_report_bytes(monitor->ram) == 0) return;
    add(monitor->ram + REPORT_FAILURES + 2 * failure_of(status), 1);
}

/* ---- intervals ---- */

thimble_status thimble_monitor_open(thimble_monitor *monitor) {
    if (monitor == NULL || monitor->ram == NULL) return THIMBLE_ERR_ARGUMENT;
    if (monitor->ram_bytes < THIMBLE_MONITOR_HEAD || monitor->ram_bytes > UINT16_MAX)
        return THIMBLE_ERR_ARGUMENT;
    if (monitor->flash == NULL && monitor->spare == NULL) return THIMBLE_ERR_ARGUMENT;
    memset(monitor->ram, 0, THIMBLE_MONITOR_HEAD);
    monitor->next       = 1;
    monitor->is_new     = 1;
    monitor->has_booted = 0;
    if (monitor->flash == NULL) {
        memset(monitor->spare, 0, THIMBLE_MONITOR_HEAD);
        return THIMBLE_OK;
    }
    return thimble_monitor_load(monitor);
}

/* Whether the report in RAM is of that model, and as its bins are. */
static int is_report_of(const thimble_monitor *monitor, const uint8_t hash[32]) {
    const uint8_t *report = monitor->ram;
    return thimble_report_bytes(report) != 0 && memcmp(report + REPORT_HASH, hash, 32) == 0 &&
           thimble_get_u16(report + REPORT_CHANNELS) == monitor->bins.channels &&
           thimble_get_u16(report + REPORT_CLASSES) == counted_classes(&monitor->bins);
}

void thimble_monitor_follow(void *context, thimble_model *model) {
    static const thimble_observer observer = {.written = written, .invoked = invoked};
    thimble_monitor *monitor               = context;
    const thimble_image *image             = thimble_describe(model);
    if (monitor == NULL || image == NULL) return;
    const int was_other =
        thimble_report_bytes(monitor->ram) != 0 && memcmp(monitor->ram + REPORT_HASH, image->digest, 32) != 0;
    /* Where that fails, flash does, and the counts are lost. */
    const thimble_status sealed = was_other ? thimble_monitor_seal(monitor) : THIMBLE_OK;
    (void)sealed;
    thimble_monitor_bins bins = {0};
    uint8_t flags             = 0;
    if (!find_bins(model, image, &bins)) bins = (thimble_monitor_bins){0};
    const uint32_t bytes =
        THIMBLE_MONITOR_HEAD + 2 * counted_classes(&bins) + THIMBLE_MONITOR_CHANNEL * (uint32_t)bins.channels;
    if (bytes > monitor->ram_bytes) {
        bins  = (thimble_monitor_bins){0};
        flags = FLAG_NO_ROOM;
    }
    monitor->bins = bins;
    monitor->wait = 0;
    if (!is_report_of(monitor, image->digest)) begin(monitor, image->digest, flags);
    if (was_other) add(monitor->ram + REPORT_UPDATES, 1);
    if (!monitor->has_booted) add(monitor->ram + REPORT_RESETS, 1);
    monitor->has_booted     = 1;
    model->observer         = &observer;
    model->observer_context = monitor;
}

thimble_status thimble_monitor_save(thimble_monitor *monitor) {
    if (monitor == NULL || thimble_report_bytes(monitor->ram) == 0) return THIMBLE_ERR_ARGUMENT;
    if (monitor->flash == NULL) return THIMBLE_OK;
    stamp(monitor);
    const thimble_status status = thimble_monitor_put(monitor, 0);
    if (status == THIMBLE_OK) monitor->unsaved = 0;
    return status;
}

thimble_status thimble_monitor_seal(thimble_monitor *monitor) {
    if (monitor == NULL || thimble_report_bytes(monitor->ram) == 0) return THIMBLE_ERR_ARGUMENT;
    uint8_t *report = monitor->ram;
    if (!has_counts(report)) return THIMBLE_OK;
    /* A device that has forgotten its numbers must not take one that it has used. */
    if ((monitor->is_new || monitor->flash == NULL) && monitor->next < monitor->time)
        monitor->next = monitor->time;
    stamp(monitor);
    if (monitor->flash != NULL) {
        const thimble_status status = thimble_monitor_put(monitor, 1);
        if (status != THIMBLE_OK) return status;
    } else {
        if (thimble_report_bytes(monitor->spare) != 0) return THIMBLE_ERR_STATE;
        memcpy(monitor->spare, report, thimble_report_bytes(report));
    }
    monitor->next++;
    monitor->is_new  = 0;
    monitor->unsaved = 0;
    begin(monitor, report + REPORT_HASH, report[REPORT_FLAGS] & FLAG_NO_ROOM);
    return THIMBLE_OK;
}

thimble_status thimble_monitor_tick(thimble_monitor *monitor, uint32_t uptime, uint32_t time) {
    if (monitor == NULL || thimble_report_bytes(monitor->ram) == 0) return THIMBLE_ERR_ARGUMENT;
    uint8_t *report       = monitor->ram;
    const uint32_t passed = uptime - monitor->uptime;
    monitor->uptime       = uptime;
    monitor->time         = time;
    monitor->unsaved += passed;
    const uint32_t seconds = thimble_get_u32(report + REPORT_SECONDS) + passed;
    thimble_put_u32(report + REPORT_SECONDS, seconds);
    const int is_full = thimble_get_u16(report + REPORT_INFERENCES) > THIMBLE_MONITOR_MOST / 2;
    if (seconds >= monitor->interval || is_full) {
        const thimble_status status =
            thimble_monitor_may_seal(monitor) ? thimble_monitor_seal(monitor) : THIMBLE_OK;
        if (status != THIMBLE_OK) return status;
    }
    if (monitor->save_every == 0 || monitor->unsaved < monitor->save_every) return THIMBLE_OK;
    return thimble_monitor_save(monitor);
}

const uint8_t *thimble_monitor_report(thimble_monitor *monitor, uint32_t *bytes, uint32_t *interval) {
    if (monitor == NULL || bytes == NULL || interval == NULL) return NULL;
    const uint8_t *report = monitor->flash != NULL ? thimble_monitor_oldest(monitor) : monitor->spare;
    if (report == NULL || thimble_report_bytes(report) == 0) return NULL;
    *bytes    = thimble_report_bytes(report);
    *interval = thimble_get_u32(report + REPORT_INTERVAL);
    return report;
}

void thimble_monitor_acknowledge(thimble_monitor *monitor, uint32_t interval) {
    if (monitor == NULL || interval <= monitor->acknowledged) return;
    monitor->acknowledged = interval;
    if (monitor->flash == NULL && thimble_get_u32(monitor->spare + REPORT_INTERVAL) <= interval)
        memset(monitor->spare, 0, THIMBLE_MONITOR_HEAD);
}
