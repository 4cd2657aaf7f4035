/*
 * A device that updates its model by itself: it asks a server through the host at the other end of its UART
 * (README.md), and runs the model between two questions. It never ends: QEMU is stopped from outside, at any
 * moment, as power would fail.
 */
#include <string.h>

#include "board.h"
#include "cfi.h"
#include "device_file.h"
#include "ed25519.h"
#include "line.h"
#include "link.h"
#include "partition.h"
#include "readings.h"
#include "sha256.h"
#include "thimble_ddi.h"

enum { TRIAL_STARTS = 3, CONFIRM_AFTER = 3, INPUT = 1000 };

static uint32_t count_ticks(void *context) {
    (void)context;
    return (uint32_t)board_instructions();
}

static void log_line(void *context, const char *line) {
    (void)context;
    link_log(line);
}

static const thimble_port port = {.ticks          = count_ticks,
                                  .log            = log_line,
                                  .sha256         = thimble_sha256,
                                  .ed25519_verify = thimble_ed25519_verify};

static device_file file;
static thimble_device device = {.port = &port, .keys = file.keys, .capabilities = THIMBLE_CAPABILITIES};
static cfi_bank bank;
static thimble_flash flash;
static thimble_slots slots;
static thimble_record record;
static thimble_tail tail;
static thimble_store store                = {.device      = &device,
                                             .flash       = &flash,
                                             .model_count = 1,
                                             .slots       = &slots,
                                             .records     = &record,
                                             .tails       = &tail};
static thimble_service service            = {.store = &store, .policy = {TRIAL_STARTS, CONFIRM_AFTER}};
static const thimble_ddi_model only_model = {.service = &service};
static thimble_ddi client                 = {.store = &store, .models = &only_model, .model_count = 1};

__attribute__((noreturn)) static void give_up(const char *reason) {
    link_log(reason);
    board_exit(BOARD_REQUEST);
}

static uint32_t offset_of(const partition *found) { return (uint32_t)(found->data - board_flash); }

static void find_partitions(void) {
    partition journal, slot[2];
    const size_t bytes = (size_t)(uintptr_t)board_flash_bytes;
    if (!partition_find_journal(board_flash, bytes, &journal) || journal.bytes < 2 * flash.sector_bytes)
        give_up("flash: expected a partition of two sectors for the journal, found none");
    for (uint32_t i = 0; i < 2; i++)
        if (!partition_find(board_flash, bytes, 0, i, &slot[i]))
            give_up("flash: expected partitions for slots A and B, found none");
    const size_t room = slot[0].bytes < slot[1].bytes ? slot[0].bytes : slot[1].bytes;
    store.journal     = offset_of(&journal);
    slots             = (thimble_slots){{offset_of(&slot[0]), offset_of(&slot[1])}, (uint32_t)room};
}

static void start(void) {
    if (!device_file_read(&file)) give_up("device.bin: expected what README.md says");
    device.key_count     = file.key_count;
    client.url           = device_file_text(&file, 0);
    client.authorization = device_file_text(&file, 1);
    client.attributes    = device_file_text(&file, 2);
    client.seed          = file.seed;
    bank.cells           = (volatile uint32_t *)(uintptr_t)board_flash;
    bank.bytes           = (uint32_t)(uintptr_t)board_flash_bytes;
    if (client.url == NULL) give_up("device.bin: expected the URL of a server, found none");
    if (!cfi_open(&bank, &flash)) give_up("flash: expected a bank with Intel's commands, found none");
    find_partitions();
    if (thimble_store_open(&store) != THIMBLE_OK) give_up("flash: expected slots and journal on sectors");
    service.ram                 = board_ram_start;
    service.ram_bytes           = (size_t)(board_ram_end - board_ram_start);
    const thimble_status status = thimble_service_start(&service);
    if (status != THIMBLE_OK) link_log(thimble_status_text(status));
}

/* One question every time: the answer tells which model it was. */
static void ask_number(uint32_t version) {
    size_t bytes       = 0;
    const uint32_t ask = INPUT;
    void *input        = thimble_input(service.model, 0, &bytes);
    if (input == NULL || bytes != sizeof ask) give_up("model: expected an input of four bytes");
    memcpy(input, &ask, sizeof ask);
    const thimble_status status = thimble_service_invoke(&service);
    const uint8_t *output       = status == THIMBLE_OK ? thimble_output(service.model, 0, &bytes) : NULL;
    link_inference(version, status, output, output == NULL ? 0 : (uint32_t)bytes);
}

static void ask_sensors(uint32_t version) {
    thimble_status status;
    const char *label = readings_infer(&file, &service, &status);
    link_inference(version, status, (const uint8_t *)label, label == NULL ? 0 : (uint32_t)strlen(label));
}

static void infer(void) {
    const thimble_image *image = thimble_describe(service.model);
    const uint32_t version =
        image->version[0] | (uint32_t)image->version[1] << 8 | (uint32_t)image->revision << 16;
    float value;
    if (device_file_reading(&file, 0, &value) != NULL)
        ask_sensors(version);
    else
        ask_number(version);
}

int main(void) {
    board_uart_open();
    link_hello();
    start();
    for (;;) {
        // Without a model that runs the server is asked all the same: a new one is all that helps.
        if (service.model != NULL) infer();
        thimble_ddi_request request;
        const uint32_t wait = thimble_ddi_next(&client, board_seconds(), &request);
        if (wait > 0)
            board_sleep(wait);
        else
            link_exchange(&client, &request, board_seconds);
        const thimble_status status = thimble_service_switch(&service);
        if (status != THIMBLE_OK) link_log(thimble_status_text(status));
    }
}
