/* Monitors of a simulated device's models (thimble_monitor.h), one each where the host asks for it. */
#include <stdint.h>

#include "device.h"
#include "monitors.h"
#include "thimble_shadow.h"

/* Those of the models, then those of what runs beside them. */
static thimble_monitor monitors[2 * THIMBLE_MODELS];
static thimble_shadow shadows[THIMBLE_MODELS];
static uint32_t bytes, interval; /* of the report that was asked for last */

thimble_monitor *wasm_monitor(uint32_t model) { return &monitors[model]; }

/* What the host says of a monitor: host/fleet/simulator/reports.ts writes these words in this order. */
typedef struct monitor_setup {
    uint32_t address, sectors;
    uint8_t *ram;
    uint32_t ram_bytes, interval, save_every, overrun;
} monitor_setup;

static thimble_monitor setup_of(const monitor_setup *setup) {
    return (thimble_monitor){.ram        = setup->ram,
                             .ram_bytes  = setup->ram_bytes,
                             .flash      = wasm_store()->flash,
                             .address    = setup->address,
                             .sectors    = setup->sectors,
                             .interval   = setup->interval,
                             .save_every = setup->save_every,
                             .overrun    = setup->overrun};
}

/* Of a model that was added, before its service starts. */
EXPORT("monitor_add") int32_t wasm_monitor_add(uint32_t model, const monitor_setup *setup) {
    thimble_service *service = wasm_service(model);
    monitors[model]          = setup_of(setup);
    service->opened          = thimble_monitor_follow;
    service->opened_context  = &monitors[model];
    return thimble_monitor_open(&monitors[model]);
}

/* A version beside a model that was added, in RAM of its own; shadow_monitor is its monitor's number. */
EXPORT("shadow_add")
int32_t wasm_shadow_add(uint32_t model, const monitor_setup *setup, void *ram, uint32_t ram_bytes) {
    thimble_service *service = wasm_service(model);
    thimble_monitor *monitor = &monitors[THIMBLE_MODELS + model];
    *monitor                 = setup_of(setup);
    monitor->is_shadow       = 1;
    shadows[model]           = (thimble_shadow){.service        = service,
                                                .ram            = ram,
                                                .ram_bytes      = ram_bytes,
                                                .monitor        = monitor,
                                                .opened         = service->opened,
                                                .opened_context = service->opened_context};
    service->opened          = thimble_shadow_follow;
    service->opened_context  = &shadows[model];
    return thimble_monitor_open(monitor);
}

EXPORT("shadow_monitor") uint32_t wasm_shadow_monitor(uint32_t model) { return THIMBLE_MODELS + model; }

EXPORT("shadow_tick") int32_t wasm_shadow_tick(uint32_t model) {
    return thimble_shadow_tick(&shadows[model]);
}

EXPORT("monitor_tick") int32_t wasm_monitor_tick(uint32_t model, uint32_t uptime, uint32_t time) {
    return thimble_monitor_tick(&monitors[model], uptime, time);
}

EXPORT("monitor_seal") int32_t wasm_monitor_seal(uint32_t model) {
    return thimble_monitor_seal(&monitors[model]);
}

EXPORT("monitor_save") int32_t wasm_monitor_save(uint32_t model) {
    return thimble_monitor_save(&monitors[model]);
}

/* The oldest report that waits, or 0; the two functions below say how long it is, and of which interval. */
EXPORT("monitor_report") const uint8_t *wasm_monitor_report(uint32_t model) {
    return thimble_monitor_report(&monitors[model], &bytes, &interval);
}

EXPORT("monitor_report_bytes") uint32_t wasm_monitor_report_bytes(void) { return bytes; }

EXPORT("monitor_report_interval") uint32_t wasm_monitor_report_interval(void) { return interval; }

EXPORT("monitor_acknowledge") void wasm_monitor_acknowledge(uint32_t model, uint32_t taken) {
    thimble_monitor_acknowledge(&monitors[model], taken);
}

EXPORT("monitor_count") void wasm_monitor_count(uint32_t model, uint32_t counter, uint32_t by) {
    thimble_monitor_count(&monitors[model], counter, by);
}

/* The counts under way: as long as the RAM of the monitor, and laid out as a report is. */
EXPORT("monitor_counts") const uint8_t *wasm_monitor_counts(uint32_t model) { return monitors[model].ram; }
