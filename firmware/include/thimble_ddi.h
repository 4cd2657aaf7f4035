/*
 * thimble: a device's side of Eclipse hawkBit's Direct Device Integration API, which `thimble serve` speaks
 * too.
 *
 * The client never waits and never opens a connection: it says which request is next, and is told what came
 * of it. A blocking port makes the request in place (PORTING.md); one with events hands over what it gets.
 * Hrefs are followed as the server sends them; redirects, TLS and name resolution are the port's.
 */
#ifndef THIMBLE_DDI_H
#define THIMBLE_DDI_H

#include "thimble_update.h"

/* Documents of the server that are larger are refused: a deployment of one model takes about 1.5 KiB. */
#ifndef THIMBLE_DDI_JSON_BYTES
#define THIMBLE_DDI_JSON_BYTES 4096
#endif

#define THIMBLE_DDI_URL_BYTES  384
#define THIMBLE_DDI_BODY_BYTES 320

/* What to ask the server next. Texts are valid until the answer has ended. */
typedef struct thimble_ddi_request {
    const char *method; /* GET, POST or PUT */
    const char *url;
    const char *authorization; /* value of that header; null for none */
    const char *body;          /* JSON, with Content-Type application/json; null for none */
    uint32_t body_bytes;
    uint32_t range_start; /* above 0: Range: bytes=<range_start>- */
} thimble_ddi_request;

/* What the head of an answer says. */
typedef struct thimble_ddi_head {
    uint32_t status;      /* of HTTP; 0 where there was no answer */
    uint32_t range_start; /* of Content-Range, for status 206 */
    const char *etag;     /* null where there was none */
    uint32_t retry_after; /* seconds, of Retry-After; 0 where there was none */
} thimble_ddi_head;

/* Which model of the store the server means by the name of a chunk (hawkBit: a software module). */
typedef struct thimble_ddi_model {
    const char *name; /* null: any, for a device of one model */
    uint32_t model;
} thimble_ddi_model;

typedef enum thimble_ddi_phase {
    THIMBLE_DDI_POLL,
    THIMBLE_DDI_CONFIG,
    THIMBLE_DDI_CANCEL,
    THIMBLE_DDI_CANCEL_FEEDBACK,
    THIMBLE_DDI_DEPLOYMENT,
    THIMBLE_DDI_DOWNLOAD,
    THIMBLE_DDI_PROGRESS,
    THIMBLE_DDI_FEEDBACK
} thimble_ddi_phase;

/* The caller fills in the first part, and sets the rest to zero. */
typedef struct thimble_ddi {
    thimble_store *store;
    const char *url;           /* of the controller: https://host/TENANT/controller/v1/ID */
    const char *authorization; /* "TargetToken ..." or "GatewayToken ..."; may be null */
    const char *attributes;    /* JSON map of texts that the server may choose devices by; may be null */
    const thimble_ddi_model *models;
    uint32_t model_count;
    uint32_t seed; /* for the jitter: another for every device */
    /* The core's own. */
    thimble_ddi_phase phase;
    uint32_t due;          /* seconds: nothing is asked before */
    uint32_t interval;     /* that the server wants between polls */
    uint32_t failures;     /* in a row */
    uint32_t model;        /* that an artifact is for */
    uint32_t action, stop; /* the deployment that was ordered, and the cancellation */
    uint32_t skip;         /* bytes of an answer that are in the slot already */
    uint32_t size, asked_from;
    uint32_t http; /* status of the answer under way */
    uint32_t retry_after;
    uint8_t is_cancelled, is_asked, config_sent, starts_over;
    uint8_t hash[32];
    uint32_t tag;
    thimble_status refusal; /* of a deployment that asks for what the device has not */
    uint32_t text_bytes;
    char target[THIMBLE_DDI_URL_BYTES];
    char body[THIMBLE_DDI_BODY_BYTES];
    char text[THIMBLE_DDI_JSON_BYTES];
} thimble_ddi;

/*
 * What to do at `now`, in seconds of a clock that never goes back: 0, and *request is to be made; or how many
 * seconds there is nothing to do.
 */
uint32_t thimble_ddi_next(thimble_ddi *client, uint32_t now, thimble_ddi_request *request);

/* The head of the answer. 1: hand the body over; 0: it is not wanted, so the connection may be closed. */
int thimble_ddi_head_is(thimble_ddi *client, const thimble_ddi_head *head);

/* A piece of the body. 0: no more of it is wanted. */
int thimble_ddi_body_is(thimble_ddi *client, const uint8_t *data, uint32_t bytes);

/* The answer is over; `whole` is 0 where the connection broke. */
void thimble_ddi_end(thimble_ddi *client, uint32_t now, int whole);

#endif
