/* The task that asks the server for models. */
#ifndef UPDATES_H
#define UPDATES_H

#include "thimble_esp_update.h"

/*
 * Reads the token from NVS (namespace "thimble", key "token": "TargetToken ..." or "GatewayToken ...") and
 * starts the task. The service of model 0 is told to the server. ESP_OK, or what NVS says: without a token no
 * task starts.
 */
esp_err_t updates_start(thimble_esp_store *opened, const thimble_service *service);

#endif
