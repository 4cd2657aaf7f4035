#define _POSIX_C_SOURCE 200809L

#include "port.h"

#include <time.h>

uint32_t posix_ticks(void *context) {
    struct timespec now;
    (void)context;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 0;
    return (uint32_t)((uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u);
}

static int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

long posix_hex(const char *text, uint8_t *bytes, size_t size) {
    size_t count = 0;
    for (; *text != '\0'; text += 2) {
        int high = digit(text[0]);
        int low  = high >= 0 ? digit(text[1]) : -1;
        if (low < 0 || count == size) return -1;
        bytes[count++] = (uint8_t)(high << 4 | low);
    }
    return (long)count;
}
