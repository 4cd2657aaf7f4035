/* One semihosting call costs the host about as much as a thousand instructions: so lines are collected. */
#include <string.h>

#include "board.h"
#include "request.h"

static struct {
    int32_t report, outputs;
    uint32_t used;
    int failed;
    char text[4096];
} state;

static void flush(void) {
    if (!board_file_write(state.report, state.text, state.used)) state.failed = 1;
    state.used = 0;
}

static void append(const char *text, size_t bytes) {
    if (bytes > sizeof state.text) bytes = sizeof state.text;
    if (bytes > sizeof state.text - state.used) flush();
    memcpy(state.text + state.used, text, bytes);
    state.used += (uint32_t)bytes;
}

/* Hexadecimal, because that needs no division. */
static void append_number(uint64_t value) {
    char text[18];
    size_t at = sizeof text;
    do {
        text[--at] = "0123456789abcdef"[value & 15];
        value >>= 4;
    } while (value != 0);
    text[--at] = 'x';
    text[--at] = '0';
    append(text + at, sizeof text - at);
}

int report_open(void) {
    state.report  = board_file_open("report.txt", BOARD_FILE_WRITE);
    state.outputs = board_file_open("outputs.bin", BOARD_FILE_WRITE);
    return state.report >= 0 && state.outputs >= 0;
}

void report_text(const char *name, const char *value) {
    append(name, strlen(name));
    append(" ", 1);
    append(value, strlen(value));
    append("\n", 1);
}

void report_number(const char *name, uint64_t value) {
    append(name, strlen(name));
    append(" ", 1);
    append_number(value);
    append("\n", 1);
}

void report_status(thimble_status status) {
    append("status ", 7);
    append_number((uint32_t)-status);
    report_text("", thimble_status_text(status));
}

void report_output(const void *data, uint32_t bytes) {
    if (!board_file_write(state.outputs, data, bytes)) state.failed = 1;
}

int report_close(void) {
    append("end\n", 4);
    flush();
    return !state.failed;
}
