/*
 * Commands of scenario.c about real values; numbers are float32 in hexadecimal, as they lie in memory:
 *
 *     write M I [HEX]           writes input I
 *     input M I                 its raw bytes
 *     invoke_written M          one inference of what has been written; then the outputs' raw bytes
 *     read M I                  the values of output I
 *     decide M [HEX]            class, score, label or "-"; with the input's values as of an autoencoder
 *     feature M I NAME          the place of a feature
 *     unit M I PLACE            what the feature at that place is measured in, or "-"
 *     describe M input|output I  name, unit or "-", task, type, source, scale, zero point, names, sample
 * rate, channels, hop, shape
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port.h"
#include "thimble_values.h"

static void print_bytes(const void *data, size_t size) {
    for (size_t i = 0; i < size; i++) printf("%02x", ((const uint8_t *)data)[i]);
}

static void print_float(float value) { print_bytes(&value, sizeof value); }

static float *allocate(size_t count) {
    float *values = malloc(count * sizeof *values + 1);
    if (values == NULL) abort();
    return values;
}

/* The numbers that a word spells, allocated to the byte. */
static float *numbers(const char *word, size_t *count) {
    *count        = strlen(word) / (2 * sizeof(float));
    float *values = allocate(*count);
    if (posix_hex(word, (uint8_t *)values, *count * sizeof *values) != (long)(*count * sizeof *values))
        abort();
    return values;
}

static void write_input(thimble_model *model, const posix_words *words) {
    size_t count;
    float *values = numbers(words->at(3), &count);
    printf("%d\n", thimble_write(model, words->number(2), values, count));
    free(values);
}

static void print_input(thimble_model *model, const posix_words *words) {
    size_t bytes;
    const void *input = thimble_input(model, words->number(2), &bytes);
    printf("%d ", input != NULL ? THIMBLE_OK : THIMBLE_ERR_ARGUMENT);
    print_bytes(input, bytes);
    putchar('\n');
}

static void invoke_written(thimble_model *model, const posix_words *words) {
    (void)words;
    const thimble_status status = thimble_invoke(model);
    printf("%d ", status);
    size_t bytes;
    const void *output;
    for (uint32_t i = 0; status == THIMBLE_OK && (output = thimble_output(model, i, &bytes)) != NULL; i++)
        print_bytes(output, bytes);
    putchar('\n');
}

static void read_output(thimble_model *model, const posix_words *words) {
    thimble_description output;
    thimble_status status = thimble_describe_output(model, words->number(2), &output);
    const size_t count    = status == THIMBLE_OK ? output.elements : 0;
    float *values         = allocate(count);
    if (status == THIMBLE_OK) status = thimble_read(model, words->number(2), values, count);
    printf("%d ", status);
    if (status == THIMBLE_OK) print_bytes(values, count * sizeof *values);
    putchar('\n');
    free(values);
}

static void print_decision(thimble_model *model, const posix_words *words) {
    uint32_t number = 0;
    float score     = 0;
    size_t count;
    float *values               = numbers(words->at(2), &count);
    const int is_compared       = *words->at(2) != '\0';
    const thimble_status status = is_compared
                                      ? thimble_decide_autoencoder(model, values, count, &number, &score)
                                      : thimble_decide(model, &number, &score);
    printf("%d %" PRIu32 " ", status, number);
    print_float(score);
    const char *label = status == THIMBLE_OK ? thimble_label(model, number) : NULL;
    printf(" %s\n", label != NULL ? label : "-");
    free(values);
}

static void print_feature(thimble_model *model, const posix_words *words) {
    uint32_t place              = 0;
    const thimble_status status = thimble_find_feature(model, words->number(2), words->at(3), &place);
    printf("%d %" PRIu32 "\n", status, place);
}

static void print_unit(thimble_model *model, const posix_words *words) {
    const char *unit = thimble_unit(model, words->number(2), words->number(3));
    printf("%s\n", unit != NULL ? unit : "-");
}

static void print_description(thimble_model *model, const posix_words *words) {
    thimble_description found;
    const int is_input          = strcmp(words->at(2), "input") == 0;
    const uint32_t index        = words->number(3);
    const thimble_status status = is_input ? thimble_describe_input(model, index, &found)
                                           : thimble_describe_output(model, index, &found);
    printf("%d", status);
    if (status == THIMBLE_OK) {
        printf(" %s %s %d %d %d ", found.name, found.unit != NULL ? found.unit : "-", found.task, found.type,
               found.source);
        print_float(found.scale);
        printf(" %" PRId32 " %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32 " [", found.zero_point,
               found.names, found.sample_rate, found.channels, found.hop);
        for (uint32_t i = 0; i < found.rank; i++) printf("%s%" PRIu32, i > 0 ? "," : "", found.shape[i]);
        putchar(']');
    }
    putchar('\n');
}

int posix_values(thimble_model *model, const posix_words *words) {
    static const struct {
        const char *name;
        void (*run)(thimble_model *model, const posix_words *words);
    } commands[] = {
        {"write", write_input},          {"input", print_input},     {"invoke_written", invoke_written},
        {"read", read_output},           {"decide", print_decision}, {"feature", print_feature},
        {"describe", print_description}, {"unit", print_unit},
    };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(words->at(0), commands[i].name) != 0) continue;
        commands[i].run(model, words);
        return 1;
    }
    return 0;
}
