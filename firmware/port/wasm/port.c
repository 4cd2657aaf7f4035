/*
 * The firmware core as a WebAssembly module, for simulated devices: one instance is one device, its flash and
 * RAM are places in the instance's memory, and what else is outside comes through the two imports below.
 *
 * Offsets and sizes are unsigned and below 2^31. A model's handle is positive, so that a negative number in
 * its place is a thimble_status.
 */
#include <stddef.h>
#include <stdint.h>

#include "device.h"
#include "ed25519.h"
#include "sha256.h"
#include "thimble.h"

IMPORT("ticks") uint32_t host_ticks(void);
IMPORT("log") void host_log(const char *text, uint32_t bytes);

/* Fields that the host reads without asking: host/fleet/simulator/instance.ts. */
_Static_assert(offsetof(thimble_image, body_bytes) == 4, "thimble_image.body_bytes");
_Static_assert(offsetof(thimble_image, version) == 8, "thimble_image.version");
_Static_assert(offsetof(thimble_image, build) == 12, "thimble_image.build");
_Static_assert(offsetof(thimble_image, security_counter) == 16, "thimble_image.security_counter");
_Static_assert(offsetof(thimble_image, capabilities) == 28, "thimble_image.capabilities");
_Static_assert(offsetof(thimble_image, id) == 32, "thimble_image.id");
_Static_assert(offsetof(thimble_image, digest) == 97, "thimble_image.digest");
_Static_assert(offsetof(thimble_image, least_bytes) == 132, "thimble_image.least_bytes");
_Static_assert(offsetof(thimble_image, native_stack) == 136, "thimble_image.native_stack");
_Static_assert(offsetof(thimble_image, portable_stack) == 142, "thimble_image.portable_stack");
_Static_assert(sizeof(thimble_statistics) == 44, "thimble_statistics");

/* Where data and stack end: from the linker. */
extern uint8_t __heap_base;

enum { PAGE_BYTES = 65536, ALIGNMENT = 16 };

static uint32_t ticks(void *context) {
    (void)context;
    return host_ticks();
}

static uint32_t text_bytes(const char *text) {
    uint32_t bytes = 0;
    while (text[bytes] != '\0') bytes++;
    return bytes;
}

static void log_line(void *context, const char *line) {
    (void)context;
    host_log(line, text_bytes(line));
}

static const thimble_port port = {
    .ticks = ticks, .log = log_line, .sha256 = thimble_sha256, .ed25519_verify = thimble_ed25519_verify};

static thimble_device device = {.port = &port};
static thimble_image checked;

const thimble_device *wasm_device(void) { return &device; }

/* Memory for flash, RAM and keys, zeroed and for good; 0 where the host gives no more. */
EXPORT("reserve") uint32_t wasm_reserve(uint32_t bytes) {
    static uint32_t next;
    if (next == 0) next = ((uint32_t)(uintptr_t)&__heap_base + ALIGNMENT - 1) & ~(uint32_t)(ALIGNMENT - 1);
    uint64_t end     = ((uint64_t)next + bytes + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);
    uint32_t pages   = (uint32_t)((end + PAGE_BYTES - 1) / PAGE_BYTES);
    uint32_t present = (uint32_t)__builtin_wasm_memory_size(0);
    if (end > INT32_MAX) return 0;
    if (pages > present && __builtin_wasm_memory_grow(0, pages - present) == SIZE_MAX) return 0;
    uint32_t reserved = next;
    next              = (uint32_t)end;
    return reserved;
}

/* Keys that the device trusts, and the other fields of thimble_device; the keys must stay where they are. */
EXPORT("device_set")
void wasm_device_set(const uint8_t (*keys)[THIMBLE_KEY_BYTES], uint32_t count, uint32_t capabilities,
                     uint32_t stack_bytes, uint32_t frame_bytes) {
    device.keys         = keys;
    device.key_count    = count;
    device.capabilities = capabilities;
    device.stack_bytes  = stack_bytes;
    device.frame_bytes  = frame_bytes;
}

/* thimble_image_check; what it found is at image_checked. */
EXPORT("image_check") int32_t wasm_image_check(const uint8_t *data, uint32_t size, uint32_t least_counter) {
    return thimble_image_check(&device, data, size, least_counter, &checked);
}

EXPORT("image_checked") const thimble_image *wasm_image_checked(void) { return &checked; }

/* thimble_open: a model, or a negative thimble_status. */
EXPORT("model_open")
int32_t wasm_model_open(const uint8_t *data, uint32_t size, void *ram, uint32_t ram_bytes,
                        uint32_t least_counter, int32_t portable_only, int32_t skip_self_test,
                        uint32_t stack_bytes) {
    const thimble_options options = {.least_security_counter = least_counter,
                                     .portable_only          = portable_only,
                                     .skip_self_test         = skip_self_test,
                                     .stack_bytes            = stack_bytes};
    thimble_model *model;
    thimble_status status = thimble_open(&device, data, size, ram, ram_bytes, &options, &model);
    return status == THIMBLE_OK ? (int32_t)(intptr_t)model : status;
}

/* Where a tensor is, 0 where there is none; and its size. */
EXPORT("model_input") void *wasm_model_input(thimble_model *model, uint32_t index) {
    return thimble_input(model, index, NULL);
}

EXPORT("model_input_bytes") uint32_t wasm_model_input_bytes(thimble_model *model, uint32_t index) {
    size_t bytes;
    (void)thimble_input(model, index, &bytes);
    return bytes;
}

EXPORT("model_output") const void *wasm_model_output(thimble_model *model, uint32_t index) {
    return thimble_output(model, index, NULL);
}

EXPORT("model_output_bytes") uint32_t wasm_model_output_bytes(thimble_model *model, uint32_t index) {
    size_t bytes;
    (void)thimble_output(model, index, &bytes);
    return bytes;
}

EXPORT("model_invoke") int32_t wasm_model_invoke(thimble_model *model) { return thimble_invoke(model); }

EXPORT("model_close") void wasm_model_close(thimble_model *model) { thimble_close(model); }

/* A thimble_image and a thimble_statistics, or 0 for a closed model. */
EXPORT("model_image") const thimble_image *wasm_model_image(const thimble_model *model) {
    return thimble_describe(model);
}

EXPORT("model_statistics") const thimble_statistics *wasm_model_statistics(const thimble_model *model) {
    return thimble_stats(model);
}

/* A text that ends with a zero byte. */
EXPORT("status_text") const char *wasm_status_text(int32_t status) { return thimble_status_text(status); }
