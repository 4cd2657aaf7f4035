/* Monitors of the models, for what else watches them. */
#ifndef THIMBLE_WASM_MONITORS_H
#define THIMBLE_WASM_MONITORS_H

#include "thimble_monitor.h"

/* That of a model to which monitor_add has given one. */
thimble_monitor *wasm_monitor(uint32_t model);

#endif
