#include <thimble_simple.h>
#include "keys.h"
#include "model.h"
static THIMBLE_RAM(ram, 16384);
static thimble_simple model = THIMBLE_SIMPLE(model_image, ram);
void setup() { Serial.begin(115200); }
void loop() {
  const float petal[] = {-1.3f, -1.2f};
  Serial.println(thimble_simple_label(&model, petal, 2));
}
