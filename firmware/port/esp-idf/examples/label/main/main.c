#include <stdio.h>
#include "keys.h"
#include "model.h"
#include "thimble_simple.h"
static THIMBLE_RAM(ram, 16384);
static thimble_simple model = THIMBLE_SIMPLE(model_image, ram);
void app_main(void) {
    const float petal[] = {-1.3f, -1.2f};
    (void)puts(thimble_simple_label(&model, petal, 2));
}
