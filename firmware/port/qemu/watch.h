/* A monitor on the model that runs vectors, so that the host sees what it takes: REQUEST_WATCH. */
#ifndef WATCH_H
#define WATCH_H

#include "thimble.h"

/* Watches the model from now on; 1, or 0 where the monitor does not open. */
int watch_start(thimble_model *model);

/* Bytes of RAM of the monitor: what it is, and its counts. 0 where no model is watched. */
uint32_t watch_bytes(void);

#endif
