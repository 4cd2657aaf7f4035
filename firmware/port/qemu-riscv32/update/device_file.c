#include "device_file.h"

#include <stddef.h>
#include <string.h>

#include "board.h"

enum { MAGIC = 0x56444854, /* "THDV" */ TEXTS = 3 };

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
    return count_texts(file) == TEXTS && file->text[file->text_bytes - 1] == '\0';
}

const char *device_file_text(const device_file *file, uint32_t index) {
    const char *text = file->text;
    for (uint32_t i = 0; i < index; i++) text += strlen(text) + 1;
    return *text == '\0' ? NULL : text;
}
