/*
 * Fuzzes what a server sends: the JSON reader on any document, and the whole client on a list of answers.
 * Nothing outside of a document is read, pieces make no difference, strings that come out are whole, what is
 * sent is JSON, and the client never asks more than it may.
 *
 * Mode in the first byte: 0 a JSON document, else answers one after the other, each a byte of status, two of
 * length, and its body. Flash is RAM that fails nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "thimble_ddi.h"

enum { SECTOR = 4096, SLOT = 2 * SECTOR, FLASH = 2 * SECTOR + 2 * SLOT, MAX_BYTES = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition) {
    if (!condition) abort();
}

/* ---- JSON ---- */

/* The reader's findings as one number. */
typedef struct told {
    uint32_t hash, depth;
} told;

static void take(void *context, const thimble_json_value *value) {
    told *all = context;
    require(value->length < 64 && value->text[value->length] == '\0');
    require(value->path != THIMBLE_JSON_UNKNOWN);
    uint32_t number;
    if (thimble_json_u32(value, &number)) require(value->length > 0 && !value->is_cut);
    if (value->kind == THIMBLE_JSON_MAP || value->kind == THIMBLE_JSON_LIST)
        require(++all->depth <= THIMBLE_JSON_DEPTH);
    if (value->kind == THIMBLE_JSON_MAP_END || value->kind == THIMBLE_JSON_LIST_END)
        require(all->depth-- > 0);
    all->hash = (all->hash ^ value->path ^ (uint32_t)value->kind << 24 ^ value->is_cut) * 16777619u;
    for (uint32_t i = 0; i < value->length; i++)
        all->hash = (all->hash ^ (uint8_t)value->text[i]) * 16777619u;
}

/* Reads a document in pieces of so many bytes; the hash of what was told, and whether it is whole. */
static uint32_t read_json(const uint8_t *data, size_t size, size_t piece, int *is_whole) {
    static const char *const names[] = {"id", "_links", "deployment", "chunks", "artifacts", "href", ""};
    told all                         = {1, 0};
    char text[64];
    thimble_json json = {.names      = names,
                         .name_count = sizeof names / sizeof *names,
                         .take       = take,
                         .context    = &all,
                         .text       = text,
                         .room       = sizeof text};
    thimble_json_begin(&json);
    for (size_t at = 0; at < size; at += piece) {
        const uint32_t bytes = (uint32_t)(size - at < piece ? size - at : piece);
        if (!thimble_json_feed(&json, data + at, bytes)) break;
    }
    *is_whole = thimble_json_end(&json);
    if (*is_whole) require(all.depth == 0);
    return all.hash;
}

/* Where a document is cut into pieces makes no difference. */
static void check_json(const uint8_t *data, size_t size) {
    int whole, in_pieces;
    const uint32_t hash = read_json(data, size, size + 1, &whole);
    require(read_json(data, size, 1, &in_pieces) == hash && in_pieces == whole);
    require(read_json(data, size, 7, &in_pieces) == hash && in_pieces == whole);
}

/* ---- the client ---- */

static uint8_t flash_bytes[FLASH];

static int program(void *context, uint32_t address, const uint8_t *data, uint32_t bytes) {
    (void)context;
    require(address + bytes <= FLASH);
    for (uint32_t i = 0; i < bytes; i++) {
        require(flash_bytes[address + i] == 0xff);
        flash_bytes[address + i] = data[i];
    }
    return 0;
}

static int erase(void *context, uint32_t address) {
    (void)context;
    require(address % SECTOR == 0 && address < FLASH);
    memset(flash_bytes + address, 0xff, SECTOR);
    return 0;
}

static const uint8_t *map(void *context, uint32_t address, uint32_t bytes) {
    (void)context;
    require(address + bytes <= FLASH);
    return flash_bytes + address;
}

static void sha256(void *context, const uint8_t *data, size_t size, uint8_t digest[32]) {
    (void)context;
    memset(digest, size > 0 ? data[0] : 0, 32);
}

static int verify(void *context, const uint8_t signature[64], const uint8_t *message, size_t size,
                  const uint8_t public_key[THIMBLE_KEY_BYTES]) {
    (void)context, (void)signature, (void)message, (void)size, (void)public_key;
    return 0;
}

static void check_request(const thimble_ddi_request *request) {
    require(request->url != NULL && strlen(request->url) < THIMBLE_DDI_URL_BYTES);
    if (request->body != NULL) {
        require(strlen(request->body) == request->body_bytes);
        int is_whole;
        (void)read_json((const uint8_t *)request->body, request->body_bytes, MAX_BYTES, &is_whole);
        require(is_whole);
    }
    require(request->range_start < SLOT);
}

static void converse(const uint8_t *data, size_t size) {
    static const uint16_t statuses[]                = {200, 200, 200, 206, 404, 410, 416, 429, 500, 0};
    static const thimble_port port                  = {.sha256 = sha256, .ed25519_verify = verify};
    static const uint8_t keys[1][THIMBLE_KEY_BYTES] = {{7}};
    static const thimble_device device              = {&port, keys, 1, THIMBLE_CAPABILITIES, 0, 0};
    static const thimble_flash flash                = {
                       .sector_bytes  = SECTOR,
                       .program_bytes = 4,
                       .program       = program,
                       .erase         = erase,
                       .map           = map,
    };
    static const thimble_slots slots[1]      = {{{2 * SECTOR, 2 * SECTOR + SLOT}, SLOT}};
    static const thimble_ddi_model models[1] = {{NULL, 0, NULL}};
    static thimble_ddi client;
    thimble_record records[1];
    thimble_tail tails[1];
    thimble_store store = {.device      = &device,
                           .flash       = &flash,
                           .model_count = 1,
                           .slots       = slots,
                           .records     = records,
                           .tails       = tails};
    memset(flash_bytes, 0xff, sizeof flash_bytes);
    require(thimble_store_open(&store) == THIMBLE_OK);
    client       = (thimble_ddi){.store       = &store,
                                 .url         = "https://host/T/controller/v1/d",
                                 .attributes  = "{\"board\":\"x\"}",
                                 .models      = models,
                                 .model_count = 1,
                                 .seed        = 1};
    uint32_t now = 0;
    while (size >= 3) {
        thimble_ddi_request request;
        const uint32_t wait = thimble_ddi_next(&client, now, &request);
        now += wait;
        if (wait > 0) continue;
        check_request(&request);
        const thimble_ddi_head head = {.status      = statuses[data[0] % 10],
                                       .retry_after = data[0] & 0x40 ? data[0] : 0,
                                       .range_start =
                                           data[0] & 0x80 ? THIMBLE_DDI_NO_RANGE : request.range_start};
        size_t bytes                = (size_t)(data[1] | data[2] << 8);
        data += 3;
        size -= 3;
        if (bytes > size) bytes = size;
        if (thimble_ddi_head_is(&client, &head)) (void)thimble_ddi_body_is(&client, data, (uint32_t)bytes);
        thimble_ddi_end(&client, now, (data[-3] & 0x20) == 0);
        data += bytes;
        size -= bytes;
        require(records[0].state <= THIMBLE_READY && tails[0].position <= SLOT);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > MAX_BYTES) return 0;
    /* A block of its own, so that the address sanitizer sees one byte too many. */
    const size_t bytes = size - 1;
    uint8_t *copy      = malloc(bytes > 0 ? bytes : 1);
    require(copy != NULL);
    memcpy(copy, data + 1, bytes);
    if (data[0] == 0)
        check_json(copy, bytes);
    else
        converse(copy, bytes);
    free(copy);
    return 0;
}
