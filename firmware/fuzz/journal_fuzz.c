/*
 * Fuzzes the journal's reader: whatever its two sectors hold, what comes out makes sense, and what is written
 * after that is read again. The input is both sectors, one behind the other, as far as it goes; the rest is
 * erased.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../core/journal.h"

enum { SECTOR = 4096, MODELS = 3, MAX_BYTES = 2 * SECTOR };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t sectors[2 * SECTOR];

static void require(int condition) {
    if (!condition) abort();
}

static int program(void *context, uint32_t address, const uint8_t *data, uint32_t bytes) {
    (void)context;
    require(address + bytes <= sizeof sectors);
    for (uint32_t i = 0; i < bytes; i++) {
        require(sectors[address + i] == 0xff);
        sectors[address + i] = data[i];
    }
    return 0;
}

static int erase(void *context, uint32_t address) {
    (void)context;
    require(address == 0 || address == SECTOR);
    memset(sectors + address, 0xff, SECTOR);
    return 0;
}

static const uint8_t *map(void *context, uint32_t address, uint32_t bytes) {
    (void)context;
    require(address + bytes <= sizeof sectors);
    return sectors + address;
}

static void check(const thimble_record *record, uint32_t model) {
    require(record->model == model && record->slot <= 1 && record->state <= THIMBLE_TRIAL);
    require(record->offset <= record->size && record->outcome <= THIMBLE_LOST);
    require(record->held <= 1 && record->barred <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const thimble_flash flash = {
        .sector_bytes = SECTOR, .program_bytes = 4, .program = program, .erase = erase, .map = map};
    if (size > MAX_BYTES) return 0;
    memset(sectors, 0xff, sizeof sectors);
    memcpy(sectors, data, size);
    thimble_record records[MODELS];
    thimble_store store = {.flash = &flash, .model_count = MODELS, .records = records};
    thimble_journal_read(&store);
    for (uint32_t model = 0; model < MODELS; model++) check(&records[model], model);
    for (uint32_t i = 0; i < 3; i++) {
        thimble_record changed = records[i % MODELS];
        changed.action         = i + 1000;
        require(thimble_journal_write(&store, &changed) == THIMBLE_OK);
        thimble_record written[MODELS];
        memcpy(written, records, sizeof written);
        thimble_journal_read(&store);
        for (uint32_t model = 0; model < MODELS; model++) {
            // Up to its last member: what fills it up behind that is nobody's.
            require(memcmp(&written[model], &records[model], offsetof(thimble_record, barred) + 1) == 0);
        }
    }
    return 0;
}
