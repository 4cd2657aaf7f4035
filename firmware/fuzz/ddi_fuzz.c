/*
 * Fuzzes what a server sends: the JSON parser on any document, and the whole client on a list of answers.
 * Nothing outside of a document is read, strings that come out are whole, and the client never asks more than
 * it may.
 *
 * Mode in the first byte: 0 a JSON document, else answers one after the other, each a byte of status, two of
 * length, and its body. Flash is RAM that fails nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../core/json.h"
#include "thimble_ddi.h"

enum { SECTOR = 4096, SLOT = 2 * SECTOR, FLASH = 2 * SECTOR + 2 * SLOT, MAX_BYTES = 4096, MAX_LIST = 40 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition) {
    if (!condition) abort();
}

/* ---- JSON ---- */

static void walk(thimble_json value, int depth) {
    static const char *const names[] = {"id", "_links", "deployment", "chunks", "artifacts", "href", ""};
    char text[64];
    uint32_t number;
    const int32_t length = thimble_json_string(value, text, sizeof text);
    require(length < (int32_t)sizeof text && (length < 0 || strlen(text) == (size_t)length));
    (void)thimble_json_u32(value, &number);
    if (depth > THIMBLE_JSON_DEPTH) return;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        thimble_json member = thimble_json_member(value, names[i]);
        if (member.at != NULL) walk(member, depth + 1);
    }
    thimble_json element;
    for (uint32_t i = 0; i < MAX_LIST && (element = thimble_json_element(value, i)).at != NULL; i++) {
        require(element.at > value.at && element.at < value.end);
        if (i < 4) walk(element, depth + 1);
    }
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
        require(thimble_json_check(request->body, request->body_bytes).at != NULL);
    }
    require(request->range_start < SLOT);
}

static void converse(const uint8_t *data, size_t size) {
    static const uint16_t statuses[]                = {200, 200, 200, 206, 404, 410, 416, 429, 500, 0};
    static const thimble_port port                  = {.sha256 = sha256, .ed25519_verify = verify};
    static const uint8_t keys[1][THIMBLE_KEY_BYTES] = {{7}};
    static const thimble_device device              = {&port, keys, 1, THIMBLE_CAPABILITIES};
    static const thimble_flash flash = {.sector_bytes  = SECTOR,
                                        .program_bytes = 4,
                                        .program       = program,
                                        .erase         = erase,
                                        .map           = map};
    static const thimble_slots slots[1]      = {{{2 * SECTOR, 2 * SECTOR + SLOT}, SLOT}};
    static const thimble_ddi_model models[1] = {{NULL, 0}};
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
                                       .etag        = data[0] & 0x80 ? "\"a\"" : NULL,
                                       .range_start = request.range_start,
                                       .retry_after = data[0]};
        size_t bytes                = (size_t)(data[1] | data[2] << 8);
        data += 3;
        size -= 3;
        if (bytes > size) bytes = size;
        if (thimble_ddi_head_is(&client, &head)) (void)thimble_ddi_body_is(&client, data, (uint32_t)bytes);
        thimble_ddi_end(&client, now, (head.retry_after & 1) == 0);
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
        walk(thimble_json_check((const char *)copy, bytes), 0);
    else
        converse(copy, bytes);
    free(copy);
    return 0;
}
