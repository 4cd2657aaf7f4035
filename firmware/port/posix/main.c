/*
 * Runs a model image on a development machine, with the firmware core of a device.
 *
 *     thimble_posix IMAGE --key HEX [--key HEX ...]
 *                               vectors from stdin, outputs to stdout, both back to back
 *         --portable            bind no native kernels
 *         --no-self-test        do not call self_test
 *         --least-counter N     refuse images with a lower security counter
 *         --ram BYTES           RAM of the model; default 262144
 *         --stack BYTES         wasm3's own stack; default 1408
 *         --native-stack BYTES  native stack of the device; default 4194304
 *         --stats               afterwards, one line of statistics on stderr
 *     thimble_posix --scenario  for tests: see scenario.c
 *     thimble_posix --modules   for tests: see modules.c
 *
 * Any error is one line on stderr and exit status 1.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ed25519.h"
#include "port.h"
#include "sha256.h"

enum { IMAGE_BYTES_MAX = 16 * 1024 * 1024 };

static struct {
    const char *path;
    uint8_t keys[POSIX_KEYS_MAX][THIMBLE_KEY_BYTES];
    size_t key_count;
    size_t ram_bytes;
    uint32_t stack_bytes;
    int print_statistics;
    thimble_options options;
} program = {.ram_bytes = POSIX_RAM_BYTES, .stack_bytes = POSIX_STACK_BYTES};

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("thimble_posix: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

static void *allocate(size_t bytes) {
    void *memory = malloc(bytes > 0 ? bytes : 1);
    if (memory == NULL) die("out of memory");
    return memory;
}

/* ---- arguments ---- */

static uint32_t parse_number(const char *option, const char *text) {
    char *end           = NULL;
    unsigned long value = text != NULL ? strtoul(text, &end, 10) : 0;
    if (text == NULL || end == text || *end != '\0' || value > UINT32_MAX)
        die("%s: expected a number, found %s", option, text != NULL ? text : "nothing");
    return (uint32_t)value;
}

static void parse_key(const char *text) {
    if (program.key_count == POSIX_KEYS_MAX) die("--key: expected at most %d", POSIX_KEYS_MAX);
    uint8_t *key = program.keys[program.key_count++];
    if (text == NULL || posix_hex(text, key, THIMBLE_KEY_BYTES) != THIMBLE_KEY_BYTES)
        die("--key: expected 64 hexadecimal digits, found %s", text != NULL ? text : "nothing");
}

/* How many further arguments the option took. */
static int parse_option(const char *option, const char *value) {
    if (strcmp(option, "--portable") == 0) {
        program.options.portable_only = 1;
        return 0;
    }
    if (strcmp(option, "--no-self-test") == 0) {
        program.options.skip_self_test = 1;
        return 0;
    }
    if (strcmp(option, "--stats") == 0) {
        program.print_statistics = 1;
        return 0;
    }
    if (strcmp(option, "--key") == 0) {
        parse_key(value);
    } else if (strcmp(option, "--least-counter") == 0) {
        program.options.least_security_counter = parse_number(option, value);
    } else if (strcmp(option, "--ram") == 0) {
        program.ram_bytes = parse_number(option, value);
    } else if (strcmp(option, "--native-stack") == 0) {
        program.stack_bytes = parse_number(option, value);
    } else if (strcmp(option, "--stack") == 0) {
        program.options.stack_bytes = parse_number(option, value);
    } else {
        die("expected an option, found %s", option);
    }
    return 1;
}

static void parse_arguments(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0) {
            i += parse_option(argv[i], i + 1 < argc ? argv[i + 1] : NULL);
        } else if (program.path == NULL) {
            program.path = argv[i];
        } else {
            die("expected one image, found %s too", argv[i]);
        }
    }
    if (program.path == NULL) die("usage: thimble_posix IMAGE --key HEX [options] | --scenario");
}

/* ---- running ---- */

static uint8_t *read_image(size_t *size) {
    FILE *file = fopen(program.path, "rb");
    if (file == NULL) die("%s: cannot be opened", program.path);
    uint8_t *data = allocate((size_t)IMAGE_BYTES_MAX + 1);
    *size         = fread(data, 1, (size_t)IMAGE_BYTES_MAX + 1, file);
    if (ferror(file)) die("%s: cannot be read", program.path);
    fclose(file);
    if (*size > IMAGE_BYTES_MAX) die("%s: expected at most %d bytes", program.path, IMAGE_BYTES_MAX);
    return data;
}

/* False at the end of stdin, which may only come between two vectors. */
static int read_vector(thimble_model *model, unsigned long vector) {
    size_t bytes;
    for (uint32_t i = 0;; i++) {
        void *input = thimble_input(model, i, &bytes);
        if (input == NULL) return 1;
        size_t found = fread(input, 1, bytes, stdin);
        if (found == 0 && i == 0 && feof(stdin)) return 0;
        if (found < bytes)
            die("vector %lu: input_%u: expected %lu bytes, found %lu", vector, (unsigned)i,
                (unsigned long)bytes, (unsigned long)found);
    }
}

static void write_outputs(thimble_model *model) {
    size_t bytes;
    for (uint32_t i = 0;; i++) {
        const void *output = thimble_output(model, i, &bytes);
        if (output == NULL) return;
        if (fwrite(output, 1, bytes, stdout) != bytes) die("stdout: cannot be written");
    }
}

static void run_vectors(thimble_model *model) {
    for (unsigned long vector = 0; read_vector(model, vector); vector++) {
        thimble_status status = thimble_invoke(model);
        if (status < THIMBLE_OK) die("vector %lu: %s (%d)", vector, thimble_status_text(status), status);
        if (status == THIMBLE_OK) write_outputs(model);
    }
    if (fflush(stdout) != 0) die("stdout: cannot be written");
}

static void print_statistics(const thimble_statistics *s) {
    fprintf(stderr,
            "invocations %u, failures %u, native kernels %u, RAM %u of %u bytes, native stack %u, "
            "microseconds: open %u, last %u, most %u\n",
            (unsigned)s->invocations, (unsigned)s->failures, (unsigned)s->native_kernels,
            (unsigned)s->ram_used, (unsigned)s->ram_bytes, (unsigned)s->stack_bytes, (unsigned)s->open_ticks,
            (unsigned)s->last_ticks, (unsigned)s->most_ticks);
}

static void print_log(void *context, const char *line) {
    (void)context;
    if (program.print_statistics) fprintf(stderr, "log: %s\n", line);
}

int main(int argc, char **argv) {
    // Without a buffer of its own the C library takes 8 KB of stack for each line, where little may be left.
    static char line[1024];
    (void)setvbuf(stderr, line, _IOLBF, sizeof line);
    static const thimble_port port = {.ticks          = posix_ticks,
                                      .log            = print_log,
                                      .sha256         = thimble_sha256,
                                      .ed25519_verify = thimble_ed25519_verify};
    if (argc == 2 && strcmp(argv[1], "--scenario") == 0) return posix_scenario();
    if (argc == 2 && strcmp(argv[1], "--modules") == 0) return posix_modules();
    parse_arguments(argc, argv);
    size_t size;
    uint8_t *data         = read_image(&size);
    void *ram             = allocate(program.ram_bytes);
    thimble_device device = {&port,
                             (const uint8_t(*)[THIMBLE_KEY_BYTES])program.keys,
                             program.key_count,
                             THIMBLE_CAPABILITIES,
                             program.stack_bytes,
                             0};
    thimble_model *model;
    thimble_status status =
        thimble_open(&device, data, size, ram, program.ram_bytes, &program.options, &model);
    if (status != THIMBLE_OK) die("image refused: %s (%d)", thimble_status_text(status), status);
    run_vectors(model);
    if (program.print_statistics) print_statistics(thimble_stats(model));
    thimble_close(model);
    free(ram);
    free(data);
    return EXIT_SUCCESS;
}
