#include "request.h"

#include "board.h"

int request_open(request *request) {
    request->file = board_file_open("request.bin", BOARD_FILE_READ);
    if (request->file < 0 || !request_read(request, &request->header, sizeof request->header)) return 0;
    const request_header *header = &request->header;
    return header->magic == REQUEST_MAGIC && header->key_count <= REQUEST_KEYS_MOST && header->slot <= 1;
}

int request_read(request *request, void *data, uint32_t bytes) {
    return board_file_read(request->file, data, bytes);
}

int request_read_u32(request *request, uint32_t *value) {
    return request_read(request, value, sizeof *value);
}
