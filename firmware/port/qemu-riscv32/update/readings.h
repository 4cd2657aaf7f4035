/* An inference on what the sensors of device.bin read: all that the firmware knows are their names. */
#ifndef READINGS_H
#define READINGS_H

#include "device_file.h"
#include "thimble_update.h"

/*
 * Writes the readings where the model wants them, runs it, and gives the label that it decides for; null
 * where it failed, and then *status says why.
 */
const char *readings_infer(const device_file *file, thimble_service *service, thimble_status *status);

#endif
