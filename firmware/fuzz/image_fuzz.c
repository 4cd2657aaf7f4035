/*
 * Fuzzes what looks at an image before wasm3 does: thimble_image_check and the scan of the module. Whatever
 * the bytes, neither reads outside of them, and what they accept is what their headers promise.
 *
 * The first byte of an input is a set of modes, the rest an image, or with MODULE a module. No fuzzer finds a
 * hash, so an image's SHA-256 is all DIGEST here, and a key's all KEY_DIGEST, which the corpus holds in their
 * places; and the signature is right or wrong as the modes say. The corpus is in test/fuzz/corpus/image;
 * test/firmware/fuzz/image_corpus.ts writes it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../core/module_scan.h"
#include "thimble.h"

enum mode { MODULE = 1, WRONG_SIGNATURE = 2, WITH_COUNTER = 4, FEW_CAPABILITIES = 8 };

enum { DIGEST = 0x5a, KEY_DIGEST = 0x6b, KEY_INFO_START = 0x30, LEAST_COUNTER = 3, SIZE_MAX_FUZZED = 8192 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned modes;
static unsigned verifications;

static void require(int condition) {
    if (!condition) abort();
}

static void sha256(void *context, const uint8_t *data, size_t size, uint8_t digest[32]) {
    (void)context;
    volatile uint8_t touched = 0;
    for (size_t i = 0; i < size; i++) touched ^= data[i];
    memset(digest, data[0] == KEY_INFO_START ? KEY_DIGEST : DIGEST, 32);
}

static int ed25519_verify(void *context, const uint8_t signature[64], const uint8_t *message, size_t size,
                          const uint8_t public_key[THIMBLE_KEY_BYTES]) {
    (void)context;
    require(size == 32 && message[0] == DIGEST && message[31] == DIGEST);
    require((signature[63] & 0xe0) == 0 && public_key[0] == 7);
    verifications++;
    return (modes & WRONG_SIGNATURE) == 0;
}

static int is_inside(const uint8_t *at, size_t bytes, const uint8_t *data, size_t size) {
    return at >= data && bytes <= size && (size_t)(at - data) <= size - bytes;
}

/* Walks over all that the scan has promised, as model.c does. */
static void walk(const thimble_module_info *info, const uint8_t *module, size_t size) {
    thimble_section exports = info->exports, globals = info->globals, data = info->data;
    for (uint32_t i = 0; i < info->export_count; i++) {
        thimble_export found = thimble_export_next(&exports);
        require(is_inside(found.name, found.name_bytes, module, size));
        require(found.kind == WASM_FUNCTION || found.kind == WASM_MEMORY || found.kind == WASM_GLOBAL);
        require(found.kind != WASM_FUNCTION || found.index < info->function_count);
        require(found.kind != WASM_GLOBAL || found.index < info->global_count);
        if (found.kind == WASM_FUNCTION) (void)thimble_function_is(info, found.index, i % 8, i % 2);
    }
    for (uint32_t i = 0; i < info->global_count; i++) require(thimble_global_next(&globals).is_mutable <= 1);
    for (uint32_t i = 0; i < info->data_count; i++) {
        thimble_data segment = thimble_data_next(&data);
        require(is_inside(segment.bytes, segment.size, module, size));
    }
    uint32_t value;
    (void)thimble_global_find(info, "memory_bytes", &value);
    (void)thimble_export_find(info, WASM_FUNCTION, "invoke", &value);
}

static void scan(const uint8_t *module, size_t size) {
    thimble_module_info info;
    thimble_status status = thimble_module_scan(module, size, &info);
    if (status == THIMBLE_OK) walk(&info, module, size);
    require(status == THIMBLE_OK || status == THIMBLE_ERR_MODULE || status == THIMBLE_ERR_IMPORT ||
            status == THIMBLE_ERR_START);
}

static uint16_t read_u16(const uint8_t *at) { return (uint16_t)(at[0] | at[1] << 8); }

/* SPEC.md, section 1, once more: the entries of `area` fill it, and no type occurs twice. */
static void check_protected(const uint8_t *area, uint16_t bytes) {
    uint8_t seen[65536 / 8] = {0};
    require(bytes == 0 || (bytes >= 4 && read_u16(area) == 0x6908 && read_u16(area + 2) == bytes));
    for (unsigned at = 4; at < bytes; at += 4u + read_u16(area + at + 2)) {
        require(at + 4 <= bytes && at + 4u + read_u16(area + at + 2) <= bytes);
        const uint16_t type = read_u16(area + at);
        require((seen[type / 8] & 1u << type % 8) == 0);
        seen[type / 8] = (uint8_t)(seen[type / 8] | 1u << type % 8);
    }
}

static void check_signature_area(const uint8_t *area) {
    for (int i = 0; i < 32; i++) require(area[8 + i] == DIGEST && area[44 + i] == KEY_DIGEST);
}

static void check_accepted(const thimble_device *device, const thimble_image *image, const uint8_t *data,
                           size_t size, uint32_t least_counter) {
    require(is_inside(image->body, image->body_bytes, data, size) && image->body_bytes > 0);
    require(image->security_counter >= least_counter && image->abi == THIMBLE_ABI_VERSION);
    require((image->capabilities & ~device->capabilities) == 0);
    require(memchr(image->id, '\0', sizeof image->id) != NULL);
    const uint8_t *end             = image->body + image->body_bytes;
    const uint16_t protected_bytes = read_u16(data + 10);
    require(is_inside(end, protected_bytes + 144u, data, size));
    check_protected(end, protected_bytes);
    check_signature_area(end + protected_bytes);
    for (const char *c = image->id; *c != '\0'; c++) require(*c > ' ' && *c <= 'z' && *c != '/');
    scan(image->body, image->body_bytes);
}

static void check(const uint8_t *data, size_t size) {
    static const thimble_port port                  = {.sha256 = sha256, .ed25519_verify = ed25519_verify};
    static const uint8_t keys[1][THIMBLE_KEY_BYTES] = {{7}};
    const uint32_t capabilities  = (modes & FEW_CAPABILITIES) != 0 ? 1 : THIMBLE_CAPABILITIES;
    const thimble_device device  = {&port, keys, 1, capabilities, 0, 0};
    const uint32_t least_counter = (modes & WITH_COUNTER) != 0 ? LEAST_COUNTER : 0;
    thimble_image image;
    verifications         = 0;
    thimble_status status = thimble_image_check(&device, data, size, least_counter, &image);
    require(status <= THIMBLE_OK && status >= THIMBLE_ERR_CAPABILITY && status != THIMBLE_ERR_ARGUMENT);
    /* Accepted, or refused for what it says: only what a signature vouches for is even looked at. */
    const int trusted = status == THIMBLE_OK || status <= THIMBLE_ERR_ROLLBACK;
    require(!trusted || (verifications == 1 && (modes & WRONG_SIGNATURE) == 0));
    require(trusted || status == THIMBLE_ERR_SIGNATURE || verifications == 0);
    if (status == THIMBLE_OK) check_accepted(&device, &image, data, size, least_counter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > SIZE_MAX_FUZZED) return 0;
    modes              = data[0];
    const size_t bytes = size - 1;
    /* A block of its own, so that the address sanitizer sees one byte too many. */
    uint8_t *copy = malloc(bytes > 0 ? bytes : 1);
    require(copy != NULL);
    memcpy(copy, data + 1, bytes);
    if ((modes & MODULE) != 0) {
        scan(copy, bytes);
    } else {
        check(copy, bytes);
    }
    free(copy);
    return 0;
}
