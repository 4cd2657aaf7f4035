#include "watch.h"

#include "thimble_monitor.h"

enum { FEATURES_MOST = 256 };

static uint8_t counts[THIMBLE_MONITOR_BYTES(FEATURES_MOST)];
static uint8_t spare[THIMBLE_MONITOR_BYTES(FEATURES_MOST)];
static thimble_monitor monitor;

int watch_start(thimble_model *model) {
    monitor = (thimble_monitor){
        .ram = counts, .ram_bytes = sizeof counts, .spare = spare, .interval = 3600, .overrun = 1};
    if (thimble_monitor_open(&monitor) != THIMBLE_OK) return 0;
    thimble_monitor_follow(&monitor, model);
    return 1;
}

/* A sealed report waits in flash, or in as many bytes again. */
uint32_t watch_bytes(void) {
    uint32_t bytes = 0, interval;
    if (monitor.ram == NULL || thimble_monitor_seal(&monitor) != THIMBLE_OK) return 0;
    if (thimble_monitor_report(&monitor, &bytes, &interval) == NULL) return 0;
    return sizeof monitor + bytes;
}
