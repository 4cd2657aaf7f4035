#include "device_file.h"

#include <stddef.h>
#include <string.h>

#include "board.h"

enum { MAGIC = 0x56444854, /* "THDV" */ TEXTS = 3 };

static const char digits[] = "0123456789abcdef";

static int count_texts(const device_file *file) {
    int count = 0;
    for (uint32_t i = 0; i < file->text_bytes; i++) count += file->text[i] == '\0';
    return count;
}

int device_file_read(device_file *file) {
    const int32_t handle = board_file_open("device.bin", BOARD_FILE_READ);
    if (handle < 0 || !board_file_read(handle, file, offsetof(device_file, text))) return 0;
    if (file->magic != MAGIC || file->key_count > DEVICE_KEYS_MOST) return 0;
    if (file->text_bytes == 0 || file->text_bytes > DEVICE_TEXT_BYTES) return 0;
    if (!board_file_read(handle, file->text, file->text_bytes)) return 0;
    return count_texts(file) >= TEXTS && file->text[file->text_bytes - 1] == '\0';
}

/* The number of eight hexadecimal digits; 0 where it is none. */
static int read_word(const char *text, uint32_t *word) {
    *word = 0;
    for (int i = 0; i < 8; i++) {
        const char *digit = memchr(digits, text[i], sizeof digits - 1);
        if (digit == NULL) return 0;
        *word = *word << 4 | (uint32_t)(digit - digits);
    }
    return text[8] == '\0';
}

const char *device_file_reading(const device_file *file, uint32_t index, float *value) {
    const char *at = file->text, *end = file->text + file->text_bytes;
    uint32_t word;
    for (uint32_t i = 0; i < TEXTS + 2 * index && at < end; i++) at += strlen(at) + 1;
    if (at == end) return NULL;
    const char *number = at + strlen(at) + 1;
    if (number == end || !read_word(number, &word)) return NULL;
    memcpy(value, &word, sizeof word);
    return at;
}

const char *device_file_text(const device_file *file, uint32_t index) {
    const char *text = file->text;
    for (uint32_t i = 0; i < index; i++) text += strlen(text) + 1;
    return *text == '\0' ? NULL : text;
}
