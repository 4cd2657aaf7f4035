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
#include "thimble_values.h"
#include "watch.h"

/* Values of one input or output, with REQUEST_REAL. */
enum { VALUES_MOST = 16384 };
static float values[VALUES_MOST];

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
    report_number("open_above", board_stack_used());
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

/* Only a build that asks for it has real values and a monitor: they are linked where they are used. */
#ifdef REQUEST_VALUES
static int is_real(const request *request) { return (request->header.flags & REQUEST_REAL) != 0; }
static int is_fed(const request *request) { return (request->header.flags & REQUEST_FEED) != 0; }
static int is_watched(const request *request) { return (request->header.flags & REQUEST_WATCH) != 0; }
#else
static int is_real(const request *request) {
    (void)request;
    return 0;
}
static int is_watched(const request *request) { return is_real(request); }
#endif

/* Bytes of one of the host's tensors: of the raw one, or of its values. */
static size_t host_bytes(const request *request, const void *tensor, size_t bytes,
                         const thimble_description *described) {
    if (tensor == NULL || !is_real(request)) return bytes;
    if (described->elements > VALUES_MOST) give_up("request: expected at most 16384 values, found more");
    return sizeof(float) * described->elements;
}

static const void *input_bytes(const request *request, thimble_model *model, uint32_t index, size_t *bytes) {
    thimble_description found = {0};
    const void *input         = thimble_input(model, index, bytes);
    if (is_real(request) && input != NULL && thimble_describe_input(model, index, &found) != THIMBLE_OK)
        give_up("module: expected a descriptor");
    *bytes = host_bytes(request, input, *bytes, &found);
    return input;
}

static const void *output_bytes(const request *request, thimble_model *model, uint32_t index, size_t *bytes) {
    thimble_description found = {0};
    const void *output        = thimble_output(model, index, bytes);
    if (is_real(request) && output != NULL && thimble_describe_output(model, index, &found) != THIMBLE_OK)
        give_up("module: expected a descriptor");
    *bytes = host_bytes(request, output, *bytes, &found);
    return output;
}

static void report_model(const request *request, thimble_model *model) {
    const thimble_statistics *statistics = thimble_stats(model);
    report_text("model", thimble_describe(model)->id);
    report_number("memory_bytes", statistics->memory_bytes);
    report_number("native_kernels", statistics->native_kernels);
    report_number("ram_bytes", statistics->ram_bytes);
    report_number("stack_bytes", statistics->stack_bytes);
    size_t bytes;
    for (uint32_t i = 0; input_bytes(request, model, i, &bytes) != NULL; i++) report_number("input", bytes);
    for (uint32_t i = 0; output_bytes(request, model, i, &bytes) != NULL; i++) report_number("output", bytes);
}

static thimble_status read_input(request *request, thimble_model *model, uint32_t index, uint32_t bytes) {
    size_t expected;
    const void *input = input_bytes(request, model, index, &expected);
    if (input == NULL || bytes != expected) return THIMBLE_ERR_ARGUMENT;
    void *at = is_real(request) ? values : thimble_input(model, index, &expected);
    if (!request_read(request, at, bytes)) give_up("request: truncated");
    if (!is_real(request)) return THIMBLE_OK;
    uint64_t start        = board_instructions();
    thimble_status status = thimble_write(model, index, values, bytes / sizeof *values);
    report_number("write_instructions", board_instructions() - start);
    return status;
}

/* ERR_ARGUMENT where the vector does not fit the model: the host sees that in the sizes it was told. */
static thimble_status read_vector(request *request, thimble_model *model) {
    uint32_t count, bytes;
    size_t expected;
    if (!request_read_u32(request, &count)) give_up("request: truncated");
    for (uint32_t i = 0; i < count; i++) {
        if (!request_read_u32(request, &bytes)) give_up("request: truncated");
        const thimble_status status = read_input(request, model, i, bytes);
        if (status != THIMBLE_OK) return status;
    }
    return thimble_input(model, count, &expected) == NULL ? THIMBLE_OK : THIMBLE_ERR_ARGUMENT;
}

static void report_decision(thimble_model *model) {
    uint32_t number, bits;
    float score;
    if (thimble_decide(model, &number, &score) != THIMBLE_OK) return;
    memcpy(&bits, &score, sizeof bits);
    const char *label = thimble_label(model, number);
    report_number("class", number);
    report_number("score", bits);
    report_text("label", label != NULL ? label : "");
}

static void report_outputs(const request *request, thimble_model *model) {
    size_t bytes;
    const void *output;
    for (uint32_t i = 0; (output = output_bytes(request, model, i, &bytes)) != NULL; i++) {
        if (is_real(request)) {
            if (thimble_read(model, i, values, bytes / sizeof *values) != THIMBLE_OK)
                give_up("module: expected a descriptor");
            output = values;
        }
        report_output(output, (uint32_t)bytes);
    }
    if (is_real(request)) report_decision(model);
}

static thimble_status run_vectors(request *request, thimble_model *model) {
    thimble_status status = THIMBLE_OK;
    report_number("invoke_above", board_stack_used());
    board_stack_paint();
    for (uint32_t i = 0; i < request->header.vector_count && status >= THIMBLE_OK; i++) {
        status = read_vector(request, model);
        if (status != THIMBLE_OK) return status;
        uint64_t start = board_instructions();
        status         = thimble_invoke(model);
        report_number("invoke_instructions", board_instructions() - start);
        if (status == THIMBLE_OK) report_outputs(request, model);
        if (status == THIMBLE_TAKEN) report_number("taken", i);
    }
    if (status == THIMBLE_TAKEN) status = THIMBLE_OK;
    report_number("invoke_stack", board_stack_peak());
    report_number("ram_used", thimble_stats(model)->ram_used);
    return status;
}

#ifdef REQUEST_VALUES
static void report_event_outputs(thimble_model *model) {
    size_t bytes;
    const void *output;
    for (uint32_t i = 0; (output = thimble_output(model, i, &bytes)) != NULL; i++)
        report_output(output, (uint32_t)bytes);
}

static thimble_status run_request(request *request, thimble_model *model) {
    if (is_fed(request)) return feed_vectors(request, model, report_event_outputs);
    return run_vectors(request, model);
}
#else
static thimble_status run_request(request *request, thimble_model *model) {
    return run_vectors(request, model);
}
#endif

static thimble_status run(request *request) {
    const request_header *header = &request->header;
    const thimble_port port      = {
             .ticks          = count_ticks,
             .log            = log_line,
             .sha256         = count_sha256,
             .ed25519_verify = count_ed25519,
    };
    const thimble_device device = {&port,
                                   header->keys,
                                   header->key_count,
                                   THIMBLE_CAPABILITIES,
                                   header->native_stack != 0 ? header->native_stack : board_stack_left(),
                                   0};
    partition slot;
    thimble_model *model = NULL;
    size_t flash_bytes   = (size_t)(uintptr_t)board_flash_bytes;
    if (!partition_find(board_flash, flash_bytes, header->model, header->slot, &slot))
        give_up("flash: expected a partition for this model and slot, found none");
    thimble_status status = open_model(header, &device, &slot, &model);
    if (status != THIMBLE_OK) return status;
    report_model(request, model);
    if (is_watched(request) && !watch_start(model)) give_up("monitor: expected one that opens");
    status = run_request(request, model);
    if (is_watched(request)) report_number("watch_bytes", watch_bytes());
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
