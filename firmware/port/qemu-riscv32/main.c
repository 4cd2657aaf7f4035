/*
 * Runs the model image in the second flash bank on the vectors of the host's request, and reports what it
 * took: see request.h.
 */
#include <string.h>

#include "board.h"
#include "ed25519.h"
#include "partition.h"
#include "request.h"
#include "sha256.h"
#include "thimble.h"

static void log_line(void *context, const char *line) {
    (void)context;
    board_console_line(line);
}

/* Low half only: differences are right as long as nothing takes 2^32 instructions. */
static uint32_t count_ticks(void *context) {
    (void)context;
    return (uint32_t)board_instructions();
}

/* Instructions that verification takes, counted because it is most of opening a model. */
static struct {
    uint64_t sha256, ed25519;
} spent;

static void count_sha256(void *context, const uint8_t *data, size_t size, uint8_t digest[32]) {
    uint64_t start = board_instructions();
    thimble_sha256(context, data, size, digest);
    spent.sha256 += board_instructions() - start;
}

static int count_ed25519(void *context, const uint8_t signature[64], const uint8_t *message, size_t size,
                         const uint8_t public_key[THIMBLE_KEY_BYTES]) {
    uint64_t start = board_instructions();
    int result     = thimble_ed25519_verify(context, signature, message, size, public_key);
    spent.ed25519 += board_instructions() - start;
    return result;
}

__attribute__((noreturn)) static void give_up(const char *reason) {
    board_console_line(reason);
    board_exit(BOARD_REQUEST);
}

static thimble_status open_model(const request_header *header, const thimble_device *device,
                                 const partition *slot, thimble_model **model) {
    size_t ram_bytes = (size_t)(board_ram_end - board_ram_start);
    if (header->ram_bytes != 0 && header->ram_bytes < ram_bytes) ram_bytes = header->ram_bytes;
    const thimble_options options = {
        .least_security_counter = header->least_security_counter,
        .portable_only          = (header->flags & REQUEST_PORTABLE_ONLY) != 0,
        .skip_self_test         = (header->flags & REQUEST_SKIP_SELF_TEST) != 0,
        .stack_bytes            = header->stack_bytes,
    };
    board_stack_paint();
    uint64_t start = board_instructions();
    thimble_status status =
        thimble_open(device, slot->data, slot->bytes, board_ram_start, ram_bytes, &options, model);
    report_number("open_instructions", board_instructions() - start);
    report_number("sha256_instructions", spent.sha256);
    report_number("ed25519_instructions", spent.ed25519);
    report_number("open_stack", board_stack_peak());
    return status;
}

static void report_model(thimble_model *model) {
    const thimble_statistics *statistics = thimble_stats(model);
    report_text("model", thimble_describe(model)->id);
    report_number("memory_bytes", statistics->memory_bytes);
    report_number("native_kernels", statistics->native_kernels);
    report_number("ram_bytes", statistics->ram_bytes);
    size_t bytes;
    for (uint32_t i = 0; thimble_input(model, i, &bytes) != NULL; i++) report_number("input", bytes);
    for (uint32_t i = 0; thimble_output(model, i, &bytes) != NULL; i++) report_number("output", bytes);
}

/* 1, or 0 where the vector does not fit the model: the host sees that in the sizes it was told. */
static int read_vector(request *request, thimble_model *model) {
    uint32_t count, bytes;
    size_t expected;
    if (!request_read_u32(request, &count)) give_up("request: truncated");
    for (uint32_t i = 0; i < count; i++) {
        if (!request_read_u32(request, &bytes)) give_up("request: truncated");
        void *input = thimble_input(model, i, &expected);
        if (input == NULL || bytes != expected) return 0;
        if (!request_read(request, input, bytes)) give_up("request: truncated");
    }
    return thimble_input(model, count, &expected) == NULL;
}

static void report_outputs(thimble_model *model) {
    size_t bytes;
    const void *output;
    for (uint32_t i = 0; (output = thimble_output(model, i, &bytes)) != NULL; i++)
        report_output(output, (uint32_t)bytes);
}

static thimble_status run_vectors(request *request, thimble_model *model) {
    thimble_status status = THIMBLE_OK;
    board_stack_paint();
    for (uint32_t i = 0; i < request->header.vector_count && status == THIMBLE_OK; i++) {
        if (!read_vector(request, model)) return THIMBLE_ERR_ARGUMENT;
        uint64_t start = board_instructions();
        status         = thimble_invoke(model);
        report_number("invoke_instructions", board_instructions() - start);
        if (status == THIMBLE_OK) report_outputs(model);
    }
    report_number("invoke_stack", board_stack_peak());
    report_number("ram_used", thimble_stats(model)->ram_used);
    return status;
}

static thimble_status run(request *request) {
    const request_header *header = &request->header;
    const thimble_port port      = {
             .ticks          = count_ticks,
             .log            = log_line,
             .sha256         = count_sha256,
             .ed25519_verify = count_ed25519,
    };
    const thimble_device device = {&port, header->keys, header->key_count, THIMBLE_CAPABILITIES};
    partition slot;
    thimble_model *model = NULL;
    size_t flash_bytes   = (size_t)(uintptr_t)board_flash_bytes;
    if (!partition_find(board_flash, flash_bytes, header->model, header->slot, &slot))
        give_up("flash: expected a partition for this model and slot, found none");
    thimble_status status = open_model(header, &device, &slot, &model);
    if (status != THIMBLE_OK) return status;
    report_model(model);
    status = run_vectors(request, model);
    thimble_close(model);
    return status;
}

int main(void) {
    static request request;
    if (!request_open(&request)) give_up("request.bin: expected a request of this firmware's format");
    if (!report_open()) give_up("report.txt, outputs.bin: cannot be written");
    if (request.header.limit != 0) board_limit_set(request.header.limit);
    report_status(run(&request));
    if (!report_close()) give_up("report.txt, outputs.bin: cannot be written");
    return BOARD_OK;
}
