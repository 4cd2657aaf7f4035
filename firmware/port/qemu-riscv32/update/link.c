#include "link.h"

#include <string.h>

#include "line.h"

enum {
    FRAME_START    = 0xa5,
    HEADER_BYTES   = 4, /* start, type, length */
    CRC_BYTES      = 4,
    MAX_PAYLOAD    = 1024,
    ANSWER_SECONDS = 30,
    HEAD_WORDS     = 3, /* status, start of the range, seconds of Retry-After */
    LOG_BYTES      = 200,
};
enum { HELLO = 'H', REQUEST = 'Q', MORE = 'M', STOP = 'S', LOG = 'L', INFERENCE = 'I' };
enum { HEAD = 'h', BODY = 'b', END = 'e', NOTHING = 0 };

typedef struct frame {
    uint8_t type;
    uint32_t bytes;
    uint8_t payload[MAX_PAYLOAD];
} frame;

/* CRC-32 of IEEE 802.3, as of the journal. */
static uint32_t crc_add(uint32_t crc, const uint8_t *data, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return crc;
}

static void put_u32(uint8_t *at, uint32_t value) {
    for (int i = 0; i < 4; i++) at[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t get_u32(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* ---- sending ---- */

static uint32_t send_crc;

static void send_part(const void *data, uint32_t bytes) {
    send_crc = crc_add(send_crc, data, bytes);
    board_uart_write(data, bytes);
}

static void send_begin(uint8_t type, uint32_t bytes) {
    const uint8_t start = FRAME_START, header[3] = {type, (uint8_t)bytes, (uint8_t)(bytes >> 8)};
    board_uart_write(&start, 1);
    send_crc = UINT32_MAX;
    send_part(header, sizeof header);
}

static void send_end(void) {
    uint8_t crc[CRC_BYTES];
    put_u32(crc, ~send_crc);
    board_uart_write(crc, sizeof crc);
}

static void send_empty(uint8_t type) {
    send_begin(type, 0);
    send_end();
}

static uint32_t text_bytes(const char *text) { return text == NULL ? 1 : (uint32_t)strlen(text) + 1; }

/* With its final zero; an empty one for none. */
static void send_text(const char *text) { send_part(text == NULL ? "" : text, text_bytes(text)); }

static void send_request(const thimble_ddi_request *request) {
    uint8_t range[4];
    put_u32(range, request->range_start);
    send_begin(REQUEST, sizeof range + text_bytes(request->method) + text_bytes(request->url) +
                            text_bytes(request->authorization) + text_bytes(request->body));
    send_part(range, sizeof range);
    send_text(request->method);
    send_text(request->url);
    send_text(request->authorization);
    send_text(request->body);
    send_end();
}

void link_hello(void) { send_empty(HELLO); }

void link_log(const char *line) {
    uint32_t bytes = (uint32_t)strlen(line);
    if (bytes > LOG_BYTES) bytes = LOG_BYTES;
    send_begin(LOG, bytes);
    send_part(line, bytes);
    send_end();
}

void link_inference(uint32_t version, int32_t status, const uint8_t *output, uint32_t bytes) {
    uint8_t words[8];
    put_u32(words, version);
    put_u32(words + 4, (uint32_t)status);
    if (bytes > MAX_PAYLOAD) bytes = MAX_PAYLOAD;
    send_begin(INFERENCE, sizeof words + bytes);
    send_part(words, sizeof words);
    send_part(output, bytes);
    send_end();
}

/* ---- receiving ---- */

static int receive_bytes(uint8_t *data, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++) {
        const int byte = board_uart_read(ANSWER_SECONDS);
        if (byte < 0) return 0;
        data[i] = (uint8_t)byte;
    }
    return 1;
}

/* NOTHING where no frame came in time, or one that is damaged or too long. */
static void receive(frame *frame) {
    uint8_t header[HEADER_BYTES], crc[CRC_BYTES];
    frame->type = NOTHING;
    if (!receive_bytes(header, sizeof header) || header[0] != FRAME_START) return;
    frame->bytes = (uint32_t)header[2] | (uint32_t)header[3] << 8;
    if (frame->bytes > MAX_PAYLOAD) return;
    if (!receive_bytes(frame->payload, frame->bytes) || !receive_bytes(crc, sizeof crc)) return;
    const uint32_t sum = crc_add(crc_add(UINT32_MAX, header + 1, 3), frame->payload, frame->bytes);
    if (~sum == get_u32(crc)) frame->type = header[1];
}

static int take_head(thimble_ddi *client, const frame *frame) {
    if (frame->bytes < HEAD_WORDS * 4) return 0;
    const thimble_ddi_head head = {.status      = get_u32(frame->payload),
                                   .range_start = get_u32(frame->payload + 4),
                                   .retry_after = get_u32(frame->payload + 8)};
    return thimble_ddi_head_is(client, &head);
}

/* The rest of an answer that has failed must not be taken for the next one. */
static void drain(void) {
    while (board_uart_read(0) >= 0) continue;
}

void link_exchange(thimble_ddi *client, const thimble_ddi_request *request, uint32_t (*now)(void)) {
    static frame answer;
    drain();
    send_request(request);
    for (int wanted = 1; wanted;) {
        receive(&answer);
        if (answer.type == END) {
            thimble_ddi_end(client, now(), answer.bytes == 1 && answer.payload[0] == 1);
            return;
        }
        if (answer.type == HEAD)
            wanted = take_head(client, &answer);
        else if (answer.type == BODY)
            wanted = thimble_ddi_body_is(client, answer.payload, answer.bytes);
        else
            break;
        if (wanted) send_empty(MORE);
    }
    // Not wanted: the client is done with it. Or nothing, or nonsense, came: as if the connection had broken.
    send_empty(STOP);
    thimble_ddi_end(client, now(), answer.type == HEAD || answer.type == BODY);
}
