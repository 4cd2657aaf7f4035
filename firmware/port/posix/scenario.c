/*
 * Tests drive the firmware core through this: commands on stdin, one a line, and for each one line on stdout
 * that begins with the status. Thousands of cases run in one process, several models at once.
 *
 *     keys [HEX ...]                  what the device trusts from now on
 *     capabilities N                  what it offers from now on
 *     native-stack N                  bytes of native stack that it has from now on
 *     frame-bytes N                   bytes that an operation keeps on it; 0 = as this build does
 *     image I HEX                     keeps an image under the number I
 *     open M I [option=N ...]         opens image I as model M
 *         size=N        only the first N bytes are there
 *         flip=N        bit N % 8 of byte N / 8 is inverted
 *         ram=N         bytes of RAM; default 262144. Allocated to the byte, for a memory checker
 *         reuse=1       the RAM of the model that was M before, as it was left
 *         offset=N      RAM begins N bytes later than it should
 *         portable=1, counter=N, stack=N, skip_self_test=1: as in thimble_options
 *     check I [counter=N]             thimble_image_check alone; then what the image says
 *     invoke M HEX                    all inputs back to back; then the outputs in hexadecimal
 *     close M                         keeps its RAM
 *     stats M                         the fields of thimble_statistics in order
 *     tensors M                       bytes of the inputs, "-", bytes of the outputs
 *     arguments                       statuses of calls with wrong arguments
 *     text N                          the text of a status
 *     sha256 [HEX]                    the digest
 *     ed25519 SIGNATURE KEY [HEX]     1 or 0
 *     and those about real values and streams: see values.c and stream.c
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ed25519.h"
#include "port.h"
#include "sha256.h"

enum { SLOTS = 8, WORDS_MAX = 16, LINE_BYTES = 1 << 22 };

typedef struct bytes {
    uint8_t *at;
    size_t size;
} bytes;

typedef struct slot {
    bytes ram;
    bytes flash; /* a copy of the image, changed as the command says */
    thimble_model *model;
} slot;

static struct {
    uint8_t keys[POSIX_KEYS_MAX][THIMBLE_KEY_BYTES];
    thimble_device device;
    bytes images[SLOTS];
    slot slots[SLOTS];
    uint32_t ticks;
    char *words[WORDS_MAX];
    unsigned word_count;
} scene;

/* Seven each time it is asked, so that tests can tell what was counted. */
static uint32_t count_ticks(void *context) {
    (void)context;
    return scene.ticks += 7;
}

static void fail(const char *what) {
    fprintf(stderr, "thimble_posix: scenario: %s\n", what);
    exit(EXIT_FAILURE);
}

static bytes allocate(size_t size) {
    bytes memory = {malloc(size > 0 ? size : 1), size};
    if (memory.at == NULL) fail("out of memory");
    return memory;
}

/* ---- words of a command ---- */

static const char *word(unsigned index) { return index < scene.word_count ? scene.words[index] : ""; }

static uint32_t number(unsigned index) { return (uint32_t)strtoul(word(index), NULL, 10); }

static unsigned slot_number(unsigned index) {
    uint32_t value = number(index);
    if (value >= SLOTS) fail("expected a number from 0 to 7");
    return value;
}

static bytes hex_word(unsigned index) {
    bytes decoded = allocate(strlen(word(index)) / 2);
    long size     = posix_hex(word(index), decoded.at, decoded.size);
    if (size != (long)decoded.size) fail("expected hexadecimal digits");
    return decoded;
}

/* N of "name=N" among the words, or `otherwise`. */
static uint32_t option(const char *name, uint32_t otherwise) {
    size_t length = strlen(name);
    for (unsigned i = 1; i < scene.word_count; i++) {
        const char *found = scene.words[i];
        if (strncmp(found, name, length) == 0 && found[length] == '=')
            return (uint32_t)strtoul(found + length + 1, NULL, 10);
    }
    return otherwise;
}

static void print_hex(const uint8_t *data, size_t size) {
    for (size_t i = 0; i < size; i++) printf("%02x", data[i]);
}

/* ---- commands ---- */

static void set_keys(void) {
    scene.device.key_count = 0;
    for (unsigned i = 1; i < scene.word_count && i <= POSIX_KEYS_MAX; i++) {
        if (posix_hex(word(i), scene.keys[i - 1], THIMBLE_KEY_BYTES) != THIMBLE_KEY_BYTES) fail("keys");
        scene.device.key_count++;
    }
    puts("0");
}

static void set_native_stack(void) {
    scene.device.stack_bytes = number(1);
    puts("0");
}

static void set_frame_bytes(void) {
    scene.device.frame_bytes = number(1);
    puts("0");
}

static void set_capabilities(void) {
    scene.device.capabilities = number(1);
    puts("0");
}

static void keep_image(void) {
    bytes *image = &scene.images[slot_number(1)];
    free(image->at);
    *image = hex_word(2);
    puts("0");
}

/* A copy that is exactly as long as the slot, so that a memory checker sees a byte read behind it. */
static bytes copy_image(const bytes *image) {
    uint32_t size = option("size", (uint32_t)image->size);
    bytes copy    = allocate(size);
    size_t kept   = size < image->size ? size : image->size;
    memset(copy.at, 0xff, size);
    if (kept > 0) memcpy(copy.at, image->at, kept);
    uint32_t flip = option("flip", UINT32_MAX);
    if (flip / 8 < size) copy.at[flip / 8] ^= (uint8_t)(1u << flip % 8);
    return copy;
}

static thimble_options read_options(void) {
    return (thimble_options){.least_security_counter = option("counter", 0),
                             .portable_only          = (int)option("portable", 0),
                             .skip_self_test         = (int)option("skip_self_test", 0),
                             .stack_bytes            = option("stack", 0)};
}

static void open_model(void) {
    slot *at = &scene.slots[slot_number(1)];
    thimble_close(at->model);
    free(at->flash.at);
    at->flash = copy_image(&scene.images[slot_number(2)]);
    if (!option("reuse", 0)) {
        free(at->ram.at);
        at->ram = allocate(option("ram", POSIX_RAM_BYTES));
        memset(at->ram.at, 0xa5, at->ram.size);
    }
    thimble_options options = read_options();
    uint8_t *ram            = at->ram.at + option("offset", 0);
    thimble_status status =
        thimble_open(&scene.device, at->flash.at, at->flash.size, ram, at->ram.size, &options, &at->model);
    if ((status == THIMBLE_OK) != (at->model != NULL)) fail("open: status and model disagree");
    printf("%d\n", status);
}

static void check_image(void) {
    thimble_image image;
    bytes copy = copy_image(&scene.images[slot_number(1)]);
    thimble_status status =
        thimble_image_check(&scene.device, copy.at, copy.size, option("counter", 0), &image);
    printf("%d", status);
    if (status == THIMBLE_OK)
        printf(" %u.%u.%u+%" PRIu32 " counter=%" PRIu32 " abi=%" PRIu32 " memory=%" PRIu32
               " capabilities=%" PRIu32 " body=%lu id=%s",
               image.version[0], image.version[1], image.revision, image.build, image.security_counter,
               image.abi, image.memory_bytes, image.capabilities, (unsigned long)image.body_bytes, image.id);
    putchar('\n');
    free(copy.at);
}

static void write_inputs(thimble_model *model, bytes inputs) {
    size_t at = 0, size;
    for (uint32_t i = 0; at < inputs.size; i++) {
        void *input = thimble_input(model, i, &size);
        if (input == NULL || inputs.size - at < size) fail("invoke: expected the bytes of all inputs");
        memcpy(input, inputs.at + at, size);
        at += size;
    }
}

static void invoke_model(void) {
    thimble_model *model = scene.slots[slot_number(1)].model;
    bytes inputs         = hex_word(2);
    if (model != NULL) write_inputs(model, inputs);
    free(inputs.at);
    thimble_status status = thimble_invoke(model);
    printf("%d ", status);
    size_t size;
    for (uint32_t i = 0; status == THIMBLE_OK; i++) {
        const uint8_t *output = thimble_output(model, i, &size);
        if (output == NULL) break;
        print_hex(output, size);
    }
    putchar('\n');
}

static void close_model(void) {
    slot *at             = &scene.slots[slot_number(1)];
    thimble_model *model = at->model;
    thimble_close(model);
    at->model = NULL;
    /* Still readable: the RAM is freed by the next open. */
    printf("0 %d %d\n", model != NULL ? thimble_invoke(model) : 0, thimble_stats(model) == NULL);
}

static void print_statistics(void) {
    const thimble_statistics *s = thimble_stats(scene.slots[slot_number(1)].model);
    if (s == NULL) {
        puts("-1");
        return;
    }
    printf("0 %u %u %d %u %u %u %u %u %u %u %u\n", (unsigned)s->invocations, (unsigned)s->failures,
           s->last_error, (unsigned)s->open_ticks, (unsigned)s->last_ticks, (unsigned)s->most_ticks,
           (unsigned)s->native_kernels, (unsigned)s->ram_bytes, (unsigned)s->ram_used,
           (unsigned)s->memory_bytes, (unsigned)s->stack_bytes);
}

static void print_tensors(void) {
    thimble_model *model = scene.slots[slot_number(1)].model;
    size_t size;
    printf("0");
    for (uint32_t i = 0; thimble_input(model, i, &size) != NULL; i++) printf(" %lu", (unsigned long)size);
    printf(" -");
    for (uint32_t i = 0; thimble_output(model, i, &size) != NULL; i++) printf(" %lu", (unsigned long)size);
    putchar('\n');
}

static void print_argument_errors(void) {
    static uint64_t ram[64];
    static const uint8_t data[1];
    thimble_image image;
    thimble_model *model;
    thimble_device no_port = {0}, no_keys = scene.device;
    no_keys.keys                 = NULL;
    no_keys.key_count            = 1;
    const thimble_device *device = &scene.device;
    printf("0 %d", thimble_open(NULL, data, 1, ram, sizeof ram, NULL, &model));
    printf(" %d", thimble_open(&no_port, data, 1, ram, sizeof ram, NULL, &model));
    printf(" %d", thimble_open(&no_keys, data, 1, ram, sizeof ram, NULL, &model));
    printf(" %d", thimble_open(device, NULL, 1, ram, sizeof ram, NULL, &model));
    printf(" %d", thimble_open(device, data, 1, NULL, sizeof ram, NULL, &model));
    printf(" %d", thimble_open(device, data, 1, ram, sizeof ram, NULL, NULL));
    printf(" %d", thimble_image_check(device, data, 1, 0, NULL));
    printf(" %d", thimble_image_check(NULL, data, 1, 0, &image));
    printf(" %d\n", thimble_invoke(NULL));
}

static void print_text(void) {
    printf("0 %s\n", thimble_status_text((thimble_status)strtol(word(1), NULL, 10)));
}

static void print_sha256(void) {
    uint8_t digest[32];
    bytes message = hex_word(1);
    thimble_sha256(NULL, message.at, message.size, digest);
    free(message.at);
    printf("0 ");
    print_hex(digest, sizeof digest);
    putchar('\n');
}

static void print_ed25519(void) {
    bytes signature = hex_word(1), key = hex_word(2), message = hex_word(3);
    if (signature.size != 64 || key.size != 32) fail("ed25519: expected 64 and 32 bytes");
    printf("0 %d\n", thimble_ed25519_verify(NULL, signature.at, message.at, message.size, key.at));
    free(signature.at);
    free(key.at);
    free(message.at);
}

static const struct {
    const char *name;
    void (*run)(void);
} commands[] = {
    {"keys", set_keys},
    {"capabilities", set_capabilities},
    {"native-stack", set_native_stack},
    {"frame-bytes", set_frame_bytes},
    {"image", keep_image},
    {"open", open_model},
    {"check", check_image},
    {"invoke", invoke_model},
    {"close", close_model},
    {"stats", print_statistics},
    {"tensors", print_tensors},
    {"arguments", print_argument_errors},
    {"text", print_text},
    {"sha256", print_sha256},
    {"ed25519", print_ed25519},
};

static void run(char *line) {
    scene.word_count = 0;
    for (char *next = strtok(line, " \n"); next != NULL; next = strtok(NULL, " \n")) {
        if (scene.word_count == WORDS_MAX) fail("expected at most 16 words");
        scene.words[scene.word_count++] = next;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(word(0), commands[i].name) != 0) continue;
        commands[i].run();
        return;
    }
    static const posix_words words = {word, number};
    thimble_model *model           = number(1) < SLOTS ? scene.slots[number(1)].model : NULL;
    if (!posix_values(model, &words) && !posix_stream(model, &words)) fail("expected a command");
}

static void release(void) {
    for (unsigned i = 0; i < SLOTS; i++) {
        free(scene.images[i].at);
        free(scene.slots[i].ram.at);
        free(scene.slots[i].flash.at);
    }
}

int posix_scenario(void) {
    static const thimble_port port = {
        .ticks = count_ticks, .sha256 = thimble_sha256, .ed25519_verify = thimble_ed25519_verify};
    scene.device = (thimble_device){.port         = &port,
                                    .keys         = (const uint8_t(*)[THIMBLE_KEY_BYTES])scene.keys,
                                    .capabilities = THIMBLE_CAPABILITIES,
                                    .stack_bytes  = POSIX_STACK_BYTES};
    bytes line   = allocate(LINE_BYTES);
    while (fgets((char *)line.at, LINE_BYTES, stdin) != NULL) run((char *)line.at);
    free(line.at);
    release();
    return EXIT_SUCCESS;
}
