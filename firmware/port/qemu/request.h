/*
 * Requests of the host and reports to it: three files in the folder where QEMU runs. Their other side
 * is host/firmware/qemu_protocol.ts.
 *
 *   request.bin  a request_header, then the vectors: for each the number of inputs as u32, for each of these
 *                its number of bytes as u32 and the bytes. All integers are little-endian.
 *                With REQUEST_REAL inputs are float32 values; with REQUEST_WATCH a monitor counts them. With
 *                REQUEST_FEED each vector is a piece of a stream, int16 samples of any number; outputs,
 *                instructions and decisions are then those of the calls of thimble_feed.
 *   outputs.bin  the outputs of every vector that was run, back to back; with REQUEST_REAL float32 values
 *   report.txt   lines "name value ...", in the order of events; ends with the line "end" when it is complete
 *
 *   status NUMBER TEXT           of thimble_open, or of the invocation that failed; the number negated
 *   model ID                     of an image that was opened
 *   memory_bytes, native_kernels, ram_bytes, ram_used, input, output    NUMBER, as 0x...
 *   open_instructions, sha256_instructions, ed25519_instructions, invoke_instructions    NUMBER
 *   stack_bytes                  NUMBER, native stack that the model may take as the core counts it
 *   write_instructions           NUMBER, of each input, with REQUEST_REAL
 *   watch_bytes                  NUMBER, with REQUEST_WATCH: RAM of the monitor
 *   open_stack, invoke_stack     NUMBER, most bytes in use
 *   end                          NUMBER, with REQUEST_FEED of each event: where its window ends
 *   overruns                     NUMBER, with REQUEST_FEED: samples that found no room
 *   class, score                 NUMBER, with REQUEST_REAL or _FEED if the model decides; the score in bits
 *   label                        TEXT of that class; may be empty
 *   open_above, invoke_above     NUMBER, of these, what is not thimble's
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdint.h>

#include "thimble.h"

enum {
    REQUEST_MAGIC          = 0x51524854, /* "THRQ" */
    REQUEST_KEYS_MOST      = 4,
    REQUEST_PORTABLE_ONLY  = 1 << 0,
    REQUEST_SKIP_SELF_TEST = 1 << 1,
    REQUEST_REAL           = 1 << 2,
    REQUEST_FEED           = 1 << 3,
    REQUEST_WATCH          = 1 << 4,
};

typedef struct request_header {
    uint32_t magic;
    uint32_t flags;
    uint32_t least_security_counter;
    uint32_t ram_bytes;   /* for the model; 0 = all there is */
    uint32_t stack_bytes; /* wasm3's; 0 = THIMBLE_STACK_BYTES */
    uint32_t limit;       /* of instructions, in millions; 0 = none */
    uint32_t model;       /* from 0 */
    uint32_t slot;        /* 0 = A, 1 = B */
    uint32_t vector_count;
    uint32_t native_stack; /* of the device; 0 = all there is */
    uint32_t key_count;
    uint8_t keys[REQUEST_KEYS_MOST][THIMBLE_KEY_BYTES];
} request_header;

typedef struct request {
    request_header header;
    int32_t file;
} request;

/* 1, or 0 where there is no request or not one of this format. */
int request_open(request *request);
int request_read_u32(request *request, uint32_t *value);
int request_read(request *request, void *data, uint32_t bytes);

/* Opens outputs.bin and report.txt; 1, or 0 where they cannot be written. */
int report_open(void);
void report_text(const char *name, const char *value);
void report_number(const char *name, uint64_t value);
void report_status(thimble_status status);
void report_output(const void *data, uint32_t bytes);
/* Feeds the vectors, with REQUEST_FEED in a build with REQUEST_VALUES; `report` writes an event's outputs. */
thimble_status feed_vectors(request *request, thimble_model *model, void (*report)(thimble_model *model));

/* 1 where everything so far has been written. */
int report_close(void);

#endif
