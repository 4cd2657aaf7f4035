#include "readings.h"

#include "thimble_values.h"

enum { VALUES_MOST = 64 };

/* Every value of input 0 by the name of its feature. */
static thimble_status write_readings(const device_file *file, thimble_model *model) {
    static float values[VALUES_MOST];
    thimble_description input;
    thimble_status status = thimble_describe_input(model, 0, &input);
    if (status == THIMBLE_OK && input.elements > VALUES_MOST) status = THIMBLE_ERR_ARGUMENT;
    float value;
    const char *name;
    for (uint32_t i = 0; status == THIMBLE_OK && (name = device_file_reading(file, i, &value)) != NULL; i++) {
        uint32_t place;
        status = thimble_find_feature(model, 0, name, &place);
        if (status == THIMBLE_OK) values[place] = value;
    }
    return status == THIMBLE_OK ? thimble_write(model, 0, values, input.elements) : status;
}

const char *readings_infer(const device_file *file, thimble_service *service, thimble_status *status) {
    uint32_t number;
    *status = write_readings(file, service->model);
    if (*status == THIMBLE_OK) *status = thimble_service_invoke(service);
    if (*status == THIMBLE_OK) *status = thimble_decide(service->model, &number, NULL);
    return *status == THIMBLE_OK ? thimble_label(service->model, number) : NULL;
}
