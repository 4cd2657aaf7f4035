/*
 * Tests give modules to the firmware core through this, thousands in one process, without a real hash or
 * signature: `thimble_posix --modules` reads them from stdin, for each 4 bytes of RAM and 4 bytes of its
 * length, the lowest first, and the module. For each it prints a line: the status of opening, that of the
 * first of two invocations that failed (0 where none did), and a checksum of the outputs.
 * test/fuzz/odd_modules.ts makes modules that end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port.h"

enum { MODULE_BYTES_MAX = 1 << 20, INVOCATIONS = 2 };

enum { HEADER_BYTES = 32, TLV_BYTES = 144, DIGEST = 0x5a, KEY_DIGEST = 0x6b, KEY_INFO_START = 0x30 };

static void sha256(void *context, const uint8_t *data, size_t size, uint8_t digest[32]) {
    (void)context;
    (void)size;
    memset(digest, data[0] == KEY_INFO_START ? KEY_DIGEST : DIGEST, 32);
}

static int ed25519_verify(void *context, const uint8_t signature[64], const uint8_t *message, size_t size,
                          const uint8_t public_key[THIMBLE_KEY_BYTES]) {
    (void)context;
    (void)signature;
    (void)message;
    (void)size;
    (void)public_key;
    return 1;
}

static void write_u32(uint8_t *at, uint32_t value) {
    for (int i = 0; i < 4; i++) at[i] = (uint8_t)(value >> 8 * i);
}

/* An entry of 4 bytes and `bytes` times `fill`; the byte behind it. */
static uint8_t *write_tlv(uint8_t *at, uint8_t type, uint8_t bytes, uint8_t fill) {
    memcpy(at, (const uint8_t[4]){type, 0, bytes, 0}, 4);
    memset(at + 4, fill, bytes);
    return at + 4 + bytes;
}

/*
 * firmware/SPEC.md, section 1; a block of its own, so that the address sanitizer sees one byte too many.
 */
static uint8_t *make_image(const uint8_t *module, size_t size) {
    uint8_t *image = calloc(1, HEADER_BYTES + size + TLV_BYTES);
    if (image == NULL) abort();
    write_u32(image, 0x96f3b83d);
    image[8] = HEADER_BYTES;
    write_u32(image + 12, (uint32_t)size);
    image[16] = 0x10;
    memcpy(image + HEADER_BYTES, module, size);
    uint8_t *tlvs = image + HEADER_BYTES + size;
    memcpy(tlvs, (const uint8_t[4]){0x07, 0x69, TLV_BYTES, 0}, 4);
    tlvs = write_tlv(tlvs + 4, 0x10, 32, DIGEST);
    tlvs = write_tlv(tlvs, 0x01, 32, KEY_DIGEST);
    (void)write_tlv(tlvs, 0x24, 64, 1);
    return image;
}

static void add_outputs(thimble_model *model, uint32_t *checksum) {
    size_t bytes;
    for (uint32_t i = 0;; i++) {
        const uint8_t *output = thimble_output(model, i, &bytes);
        if (output == NULL) return;
        for (size_t at = 0; at < bytes; at++) *checksum = (*checksum ^ output[at]) * 0x01000193u;
    }
}

static void invoke(thimble_model *model, unsigned invocations, posix_outcome *result) {
    size_t bytes;
    for (unsigned i = 0; i < invocations; i++) {
        void *input = thimble_input(model, 0, &bytes);
        memset(input, (int)i, bytes);
        const thimble_status status = thimble_invoke(model);
        if (status == THIMBLE_OK) add_outputs(model, &result->checksum);
        if (result->invoked == THIMBLE_OK) result->invoked = status;
    }
}

posix_outcome posix_module_run(const uint8_t *module, size_t size, size_t ram_bytes, int portable,
                               unsigned invocations) {
    static const thimble_port port                  = {.sha256 = sha256, .ed25519_verify = ed25519_verify};
    static const uint8_t keys[1][THIMBLE_KEY_BYTES] = {{7}};
    const thimble_device device   = {&port, keys, 1, THIMBLE_CAPABILITIES, POSIX_STACK_BYTES, 0};
    const thimble_options options = {.portable_only = portable, .skip_self_test = 1};
    posix_outcome result          = {.checksum = 0x811c9dc5u};
    uint8_t *image                = make_image(module, size);
    void *ram                     = malloc(ram_bytes > 0 ? ram_bytes : 1);
    if (ram == NULL) abort();
    memset(ram, 0xa5, ram_bytes);
    thimble_model *model;
    const size_t bytes = HEADER_BYTES + size + TLV_BYTES;
    result.opened      = thimble_open(&device, image, bytes, ram, ram_bytes, &options, &model);
    if ((result.opened == THIMBLE_OK) != (model != NULL)) abort();
    if (model != NULL) invoke(model, invocations, &result);
    thimble_close(model);
    free(ram);
    free(image);
    return result;
}

static int read_u32(uint32_t *value) {
    uint8_t bytes[4];
    if (fread(bytes, 1, sizeof bytes, stdin) != sizeof bytes) return 0;
    *value = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    return 1;
}

int posix_modules(void) {
    uint32_t ram, size;
    while (read_u32(&ram) && read_u32(&size)) {
        uint8_t *module = malloc(size > 0 ? size : 1);
        if (module == NULL || size > MODULE_BYTES_MAX) return EXIT_FAILURE;
        if (fread(module, 1, size, stdin) != size) return EXIT_FAILURE;
        posix_outcome outcome = posix_module_run(module, size, ram, 1, INVOCATIONS);
        printf("%d %d %" PRIu32 "\n", outcome.opened, outcome.invoked, outcome.checksum);
        free(module);
    }
    return EXIT_SUCCESS;
}
