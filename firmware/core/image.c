/*
 * Checks a model image: SPEC.md, section 1. The format is MCUboot's; a device accepts less of it than a
 * boot loader does, so that every byte of an image is either covered by the hash or has one allowed value.
 */
#include <string.h>

#include "bytes.h"
#include "image.h"
#include "native_stack.h"
#include "thimble.h"

enum {
    HEADER_BYTES         = THIMBLE_IMAGE_HEADER,
    INFO_BYTES           = 4, /* of a TLV area: magic, size */
    ENTRY_BYTES          = 4, /* of a TLV: type, length */
    DIGEST_BYTES         = 32,
    SIGNATURE_BYTES      = 64,
    SIGNATURE_AREA_BYTES = INFO_BYTES + 3 * ENTRY_BYTES + 2 * DIGEST_BYTES + SIGNATURE_BYTES,
    MAGIC_PROTECTED      = 0x6908,
    MAGIC_UNPROTECTED    = 0x6907,
    FLAG_NON_BOOTABLE    = 0x10,
};

#define HEADER_MAGIC 0x96f3b83du

enum tlv_type {
    TLV_KEYHASH      = 0x01,
    TLV_SHA256       = 0x10,
    TLV_ED25519      = 0x24,
    TLV_COUNTER      = 0x50,
    TLV_MODEL_ID     = 0xa0, /* the first of the vendors' */
    TLV_ABI          = 0xa1,
    TLV_MEMORY_BYTES = 0xa2,
    TLV_CAPABILITIES = 0xa3,
    TLV_LEAST_BYTES  = 0xa4,
    TLV_STACK        = 0xa5,
};

/* Where the parts of an image are; all of them have been checked against the size of the slot. */
typedef struct layout {
    const uint8_t *header;
    uint32_t hashed_bytes;         /* header, body, protected TLVs */
    const uint8_t *protected_area; /* null where there is none */
    uint32_t protected_bytes;
    const uint8_t *digest, *key_hash, *signature;
} layout;

/* ---- header and sizes ---- */

static int header_is_allowed(const uint8_t *header) {
    const uint32_t load_address = thimble_get_u32(header + 4), padding = thimble_get_u32(header + 28);
    if (load_address != 0 || padding != 0) return 0;
    return thimble_get_u16(header + 8) == HEADER_BYTES && thimble_get_u32(header + 16) == FLAG_NON_BOOTABLE;
}

uint32_t thimble_image_extent(const uint8_t header[THIMBLE_IMAGE_HEADER], uint32_t slot_bytes) {
    if (thimble_get_u32(header) != HEADER_MAGIC) return HEADER_BYTES;
    uint64_t bytes = (uint64_t)HEADER_BYTES + thimble_get_u32(header + 12) + thimble_get_u16(header + 10) +
                     SIGNATURE_AREA_BYTES;
    return bytes < slot_bytes ? (uint32_t)bytes : slot_bytes;
}

/* A TLV area at `at`, of which `left` bytes lie in the slot: `expected` long with its first four bytes. */
static thimble_status check_area(const uint8_t *at, uint64_t left, uint16_t magic, uint32_t expected) {
    const uint16_t bytes = thimble_get_u16(at + 2);
    if (thimble_get_u16(at) != magic || bytes < INFO_BYTES) return THIMBLE_ERR_TLV;
    if (bytes > left) return THIMBLE_ERR_TRUNCATED;
    return bytes == expected ? THIMBLE_OK : THIMBLE_ERR_TLV;
}

/* The value of the entry that `*at` points to, which then points behind it; null where it is another. */
static const uint8_t *take_entry(const uint8_t **at, enum tlv_type type, uint16_t bytes) {
    const uint8_t *entry = *at;
    *at += ENTRY_BYTES + bytes;
    return thimble_get_u16(entry) == type && thimble_get_u16(entry + 2) == bytes ? entry + ENTRY_BYTES : NULL;
}

/* No signature covers this area, so it holds three entries in this order and nothing else. */
static thimble_status read_signature_area(const uint8_t *at, uint64_t left, layout *found) {
    thimble_status status = check_area(at, left, MAGIC_UNPROTECTED, SIGNATURE_AREA_BYTES);
    if (status != THIMBLE_OK) return status;
    at += INFO_BYTES;
    found->digest    = take_entry(&at, TLV_SHA256, DIGEST_BYTES);
    found->key_hash  = take_entry(&at, TLV_KEYHASH, DIGEST_BYTES);
    found->signature = take_entry(&at, TLV_ED25519, SIGNATURE_BYTES);
    int complete     = found->digest != NULL && found->key_hash != NULL && found->signature != NULL;
    return complete ? THIMBLE_OK : THIMBLE_ERR_TLV;
}

static thimble_status measure(const uint8_t *data, size_t size, thimble_image *image, layout *found) {
    if (size < HEADER_BYTES) return THIMBLE_ERR_TRUNCATED;
    if (thimble_get_u32(data) != HEADER_MAGIC) return THIMBLE_ERR_MAGIC;
    const uint32_t body_bytes = thimble_get_u32(data + 12);
    if (!header_is_allowed(data) || body_bytes == 0) return THIMBLE_ERR_HEADER;

    memset(found, 0, sizeof *found);
    found->header           = data;
    found->protected_bytes  = thimble_get_u16(data + 10);
    const uint64_t body_end = (uint64_t)HEADER_BYTES + body_bytes;
    const uint64_t hashed   = body_end + found->protected_bytes;
    if (hashed + SIGNATURE_AREA_BYTES > size || hashed > UINT32_MAX) return THIMBLE_ERR_TRUNCATED;
    if (found->protected_bytes > 0) {
        found->protected_area = data + body_end;
        thimble_status status =
            check_area(found->protected_area, size - body_end, MAGIC_PROTECTED, found->protected_bytes);
        if (status != THIMBLE_OK) return status;
    }
    found->hashed_bytes = (uint32_t)hashed;
    image->body         = data + HEADER_BYTES;
    image->body_bytes   = body_bytes;
    return read_signature_area(data + hashed, size - hashed, found);
}

/* ---- protected TLVs ---- */

static int read_number(const uint8_t *value, uint16_t bytes, uint32_t *number) {
    if (bytes != 4) return 0;
    *number = thimble_get_u32(value);
    return 1;
}

static int read_id(const uint8_t *value, uint16_t bytes, char *id) {
    if (bytes == 0 || bytes > THIMBLE_ID_BYTES) return 0;
    for (uint16_t i = 0; i < bytes; i++) {
        const uint8_t c     = value[i];
        const int is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        const int is_digit  = c >= '0' && c <= '9';
        if (!is_letter && !is_digit && c != '.' && c != '_' && c != '-') return 0;
    }
    memcpy(id, value, bytes);
    return 1;
}

static thimble_stack_need read_need(const uint8_t *value) {
    return (thimble_stack_need){thimble_get_u16(value), thimble_get_u16(value + 2),
                                thimble_get_u16(value + 4)};
}

static int read_stack(const uint8_t *value, uint16_t bytes, thimble_image *image) {
    if (bytes != 12) return 0;
    image->native_stack   = read_need(value);
    image->portable_stack = read_need(value + 6);
    return 1;
}

/* Takes over one TLV; 0 where it is wrong. MCUboot's own ones would be conditions that nobody checks here. */
static int read_tlv(uint16_t type, const uint8_t *value, uint16_t bytes, thimble_image *image) {
    switch (type) {
    case TLV_COUNTER: return read_number(value, bytes, &image->security_counter);
    case TLV_ABI: return read_number(value, bytes, &image->abi);
    case TLV_MEMORY_BYTES: return read_number(value, bytes, &image->memory_bytes);
    case TLV_CAPABILITIES: return read_number(value, bytes, &image->capabilities);
    case TLV_MODEL_ID: return read_id(value, bytes, image->id);
    case TLV_LEAST_BYTES: return read_number(value, bytes, &image->least_bytes);
    case TLV_STACK: return read_stack(value, bytes, image);
    default: return type > TLV_STACK;
    }
}

/* Whether one of the entries from `at` to `end`, all of them well formed, has this type. */
static int area_has(const uint8_t *at, const uint8_t *end, uint16_t type) {
    for (; at < end; at += ENTRY_BYTES + thimble_get_u16(at + 2))
        if (thimble_get_u16(at) == type) return 1;
    return 0;
}

/* The entries fill the area exactly, and no type occurs twice. */
static thimble_status read_protected_area(const layout *found, thimble_image *image) {
    if (found->protected_area == NULL) return THIMBLE_OK;
    const uint8_t *first = found->protected_area + INFO_BYTES;
    const uint8_t *end   = found->protected_area + found->protected_bytes;
    for (const uint8_t *at = first; at < end;) {
        if (end - at < ENTRY_BYTES) return THIMBLE_ERR_TLV;
        const uint16_t type = thimble_get_u16(at), bytes = thimble_get_u16(at + 2);
        if (end - at - ENTRY_BYTES < bytes || area_has(first, at, type)) return THIMBLE_ERR_TLV;
        if (!read_tlv(type, at + ENTRY_BYTES, bytes, image)) return THIMBLE_ERR_TLV;
        at += ENTRY_BYTES + bytes;
    }
    return THIMBLE_OK;
}

/* ---- signature ---- */

/* Whether the little-endian number `a` is less than `b`; both have 32 bytes. Nothing here is secret. */
static int number_is_less(const uint8_t *a, const uint8_t *b) {
    for (int i = 31; i >= 0; i--)
        if (a[i] != b[i]) return a[i] < b[i];
    return 0;
}

/* S < L, the order of the base point (RFC 8032, section 5.1.7): larger ones would be a second signature. */
static int scalar_is_canonical(const uint8_t *scalar) {
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                      0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                      0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
    return number_is_less(scalar, order);
}

/*
 * The y coordinates of the eight points whose order divides 8: 0, 1, p - 1 and those of order 8, then the
 * encodings of 0 and 1 that are not reduced, p and p + 1. x's sign is masked: each occurs with both.
 * Under such a key, signatures verify for messages that nobody signed.
 */
static int key_is_small_order(const uint8_t *key) {
    static const uint8_t small[7][THIMBLE_KEY_BYTES] = {
        {0x00},
        {0x01},
        {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
         0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
        {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
         0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
        {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}};
    uint8_t masked[THIMBLE_KEY_BYTES];
    memcpy(masked, key, sizeof masked);
    masked[31] &= 0x7f;
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++)
        if (memcmp(masked, small[i], sizeof masked) == 0) return 1;
    return 0;
}

/* The trusted key whose SubjectPublicKeyInfo has this SHA-256, or null. */
static const uint8_t *find_key(const thimble_device *device, const uint8_t *key_hash) {
    static const uint8_t prefix[12] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                       0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
    const thimble_port *port        = device->port;
    uint8_t info[sizeof prefix + THIMBLE_KEY_BYTES];
    uint8_t digest[DIGEST_BYTES];
    memcpy(info, prefix, sizeof prefix);
    for (size_t i = 0; i < device->key_count; i++) {
        memcpy(info + sizeof prefix, device->keys[i], THIMBLE_KEY_BYTES);
        port->sha256(port->context, info, sizeof info, digest);
        if (memcmp(digest, key_hash, sizeof digest) == 0) return device->keys[i];
    }
    return NULL;
}

static thimble_status check_signature(const thimble_device *device, const layout *found,
                                      thimble_image *image) {
    const thimble_port *port = device->port;
    port->sha256(port->context, found->header, found->hashed_bytes, image->digest);
    if (memcmp(image->digest, found->digest, DIGEST_BYTES) != 0) return THIMBLE_ERR_HASH;
    const uint8_t *key = find_key(device, found->key_hash);
    if (key == NULL || key_is_small_order(key)) return THIMBLE_ERR_KEY;
    if (!scalar_is_canonical(found->signature + 32)) return THIMBLE_ERR_SIGNATURE;
    int right = port->ed25519_verify(port->context, found->signature, image->digest, DIGEST_BYTES, key);
    return right == 1 ? THIMBLE_OK : THIMBLE_ERR_SIGNATURE;
}

/* ---- what the image asks for ---- */

static thimble_status check_needs(const thimble_device *device, uint32_t least_security_counter,
                                  const thimble_image *image) {
    if (image->security_counter < least_security_counter) return THIMBLE_ERR_ROLLBACK;
    if (image->abi != THIMBLE_ABI_VERSION) return THIMBLE_ERR_ABI;
    if ((image->capabilities & ~device->capabilities) != 0) return THIMBLE_ERR_CAPABILITY;
    /* The least that it may need: which kernels are native is known when the model is opened. */
    return thimble_stack_check(device, &image->native_stack);
}

static int device_is_complete(const thimble_device *device) {
    if (device == NULL || device->port == NULL) return 0;
    if (device->port->sha256 == NULL || device->port->ed25519_verify == NULL) return 0;
    return device->keys != NULL || device->key_count == 0;
}

thimble_status thimble_image_check(const thimble_device *device, const uint8_t *data, size_t size,
                                   uint32_t least_security_counter, thimble_image *image) {
    if (!device_is_complete(device) || data == NULL || image == NULL) return THIMBLE_ERR_ARGUMENT;
    layout found;
    memset(image, 0, sizeof *image);
    image->abi            = THIMBLE_ABI_VERSION;
    thimble_status status = measure(data, size, image, &found);
    if (status == THIMBLE_OK) status = read_protected_area(&found, image);
    if (status == THIMBLE_OK) status = check_signature(device, &found, image);
    if (status != THIMBLE_OK) return status;
    memcpy(image->version, data + 20, sizeof image->version);
    image->revision = thimble_get_u16(data + 22);
    image->build    = thimble_get_u32(data + 24);
    return check_needs(device, least_security_counter, image);
}
